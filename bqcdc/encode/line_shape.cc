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
  steps_.push_back(
      {LineLiteral(before), std::exchange(bounds_, {}), &column, static_cast<uint32_t>(index), is_field});
}

void LineShape::End(std::string_view behind) { behind_ = LineLiteral(behind); }

void LineShape::AddColumn(const MessagePlan& row, size_t index) {
  columns_.resize(row.set_words());
  columns_[index / 64] |= uint64_t{1} << (index % 64);
}

}  // namespace bqcdc::encode
