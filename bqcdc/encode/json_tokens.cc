#include "bqcdc/encode/json_tokens.h"

#include <simdjson.h>

#include <algorithm>

namespace bqcdc::encode {
namespace {

static_assert(kLinePaddingBytes >= simdjson::SIMDJSON_PADDING);

constexpr size_t kIndexesMin = 4096;
// A few lines bring nearly all there is to win; their tokens stay in the nearest cache.
constexpr size_t kAheadBytesMax = 8 * 1024;
// The first stage does not look at nesting; its memory wants a number.
constexpr size_t kDepth = 1;

}  // namespace

JsonTokens::JsonTokens() = default;
JsonTokens::~JsonTokens() = default;

EncodeError JsonTokens::Scan(const PaddedLine& line) {
  if (ahead_lines_ > 0 && line.data() >= base_ && line.data() + line.size() <= base_ + *ahead_end_) {
    --ahead_lines_;
    return TakeAhead(line) ? EncodeError::kNone : EncodeError::kJsonSyntax;
  }
  ahead_lines_ = 0;
  return Find(line);
}

size_t JsonTokens::ScanAhead(std::span<const PaddedLine> lines) {
  ahead_lines_ = 0;
  const char* const begin = lines.front().data();
  const char* end = begin + lines.front().size();
  size_t count = 1;
  for (; count < lines.size(); ++count) {
    const PaddedLine& line = lines[count];
    if (line.data() != end + 1 && line.data() != end + 2) break;  // "\n" or "\r\n"
    if (line.data() + line.size() > begin + kAheadBytesMax) break;
    end = line.data() + line.size();
  }
  if (count == 1) return 1;
  const size_t size = static_cast<size_t>(end - begin);
  if (Find(PaddedLine(begin, size)) != EncodeError::kNone) return count;
  ahead_lines_ = count;
  ahead_end_ = end_;
  end_ = next_;
  return count;
}

bool JsonTokens::TakeAhead(const PaddedLine& line) {
  const auto begin = static_cast<uint32_t>(line.data() - base_);
  const auto end = static_cast<uint32_t>(begin + line.size());
  next_ = end_;
  while (next_ != ahead_end_ && *next_ < begin) ++next_;
  const bool same =
      ahead_end_ - next_ >= ahead_guess_ && next_[ahead_guess_ - 1] < end && next_[ahead_guess_] >= end;
  end_ = same ? next_ + ahead_guess_ : std::lower_bound(next_, ahead_end_, end);
  if (end_ == next_) return false;
  ahead_guess_ = end_ - next_;
  return true;
}

EncodeError JsonTokens::Find(const PaddedLine& line) {
  if (line.size() > capacity_ || stage_ == nullptr) {
    // Doubling keeps the number of allocations small while lines grow.
    const size_t capacity = std::max({line.size(), capacity_ * 2, kIndexesMin});
    capacity_ = 0;
    const auto error =
        simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, kDepth, stage_);
    if (error != simdjson::SUCCESS) return EncodeError::kLineTooLong;
    capacity_ = capacity;
  }
  const auto error = stage_->stage1(reinterpret_cast<const uint8_t*>(line.data()), line.size(),
                                    simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS)
    return error == simdjson::UTF8_ERROR ? EncodeError::kInvalidUtf8 : EncodeError::kJsonSyntax;
  base_ = line.data();
  next_ = stage_->structural_indexes.get();
  end_ = next_ + stage_->n_structural_indexes;
  return EncodeError::kNone;
}

bool JsonTokens::SkipValue(std::string_view* text) {
  const char* const begin = position();
  int64_t depth = 0;
  do {
    if (text != nullptr) *text = Text();
    switch (Take()) {
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        --depth;
        break;
      case ',':
      case ':':
        if (depth == 0) return false;
        break;
      case '\0':
        return false;
      default:
        break;
    }
  } while (depth > 0);
  if (depth < 0) return false;
  if (text != nullptr) *text = {begin, static_cast<size_t>(text->data() + text->size() - begin)};
  return true;
}

}  // namespace bqcdc::encode
