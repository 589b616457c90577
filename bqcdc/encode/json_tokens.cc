#include "bqcdc/encode/json_tokens.h"

#include <simdjson.h>

#include <algorithm>

namespace bqcdc::encode {
namespace {

static_assert(kLinePaddingBytes >= simdjson::SIMDJSON_PADDING);

constexpr size_t kIndexesMin = 4096;
// The first stage does not look at nesting; its memory wants a number.
constexpr size_t kDepth = 1;

}  // namespace

JsonTokens::JsonTokens() = default;
JsonTokens::~JsonTokens() = default;

EncodeError JsonTokens::Scan(const PaddedLine& line) {
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
