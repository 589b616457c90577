#include "bqcdc/encode/line_shape.h"

#include <algorithm>
#include <utility>

namespace bqcdc::encode {

LineLiteral::LineLiteral(std::string_view text) : size_(text.size()) {
  const std::string_view first = text.substr(0, first_.size());
  std::copy(first.begin(), first.end(), first_.begin());
  first_mask_ = (uint32_t{1} << first.size()) - 1;
  rest_ = text.substr(first.size());
}

bool LineLiteral::MatchesRest(const char* in, const char* end) const {
  return end - in >= static_cast<std::ptrdiff_t>(size_) &&
         std::memcmp(in + first_.size(), rest_.data(), rest_.size()) == 0;
}

void LineShape::AddValue(std::string_view before, const ColumnPlan& column, size_t index, bool is_field) {
  const bool can_be_absent = !steps_.empty() && bounds_.empty() && !is_field;
  steps_.push_back({LineLiteral(before), std::exchange(bounds_, {}), &column, static_cast<uint32_t>(index),
                    is_field, can_be_absent});
}

std::optional<LineShape> LineShape::Merge(const LineShape& a, const LineShape& b) {
  if (a.behind_ != b.behind_ || a.bounds_ != b.bounds_) return std::nullopt;
  LineShape merged;
  merged.behind_ = a.behind_;
  merged.bounds_ = a.bounds_;
  merged.columns_ = a.columns_;
  for (size_t i = 0; i < b.columns_.size(); ++i) merged.columns_[i] |= b.columns_[i];

  auto next_a = a.steps_.begin(), next_b = b.steps_.begin();
  // Takes a step for a column that the other shape lacks.
  const auto take = [&merged](auto& next, const LineShape& own, const LineShape& other) {
    if (next == own.steps_.end() || !next->can_be_absent || other.HasColumn(next->index)) return false;
    merged.steps_.push_back(*next++);
    return true;
  };
  while (next_a != a.steps_.end() || next_b != b.steps_.end()) {
    if (take(next_a, a, b) || take(next_b, b, a)) continue;
    if (next_a == a.steps_.end() || next_b == b.steps_.end() || next_a->column != next_b->column ||
        next_a->before != next_b->before || next_a->bounds != next_b->bounds) {
      return std::nullopt;
    }
    merged.steps_.push_back(*next_a++);
    ++next_b;
  }
  if (!merged.is_small()) return std::nullopt;
  return merged;
}

bool LineShape::is_small() const {
  // A line has as many columns as a table may have, and as much white space as its writer likes.
  constexpr size_t kLiteralBytesMax = 256 * 1024;
  size_t bytes = behind_.size();
  for (const Step& step : steps_) bytes += step.before.size();
  return bytes <= kLiteralBytesMax;
}

void LineShape::AddColumn(const MessagePlan& row, size_t index) {
  columns_.resize(row.set_words());
  columns_[index / 64] |= uint64_t{1} << (index % 64);
}

}  // namespace bqcdc::encode
