#pragma once

#include <optional>
#include <string_view>

namespace bqcdc::values {

// The two ends of a RANGE's text; unset = unbounded.
struct RangeText {
  std::optional<std::string_view> start;
  std::optional<std::string_view> end;
};

// Takes `[start, end)` apart, as BigQuery writes ranges and their literals: an open end is UNBOUNDED or NULL
// in any case (https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#range_literals). Unset
// where the text has another shape; the ends themselves are not looked at.
std::optional<RangeText> SplitRange(std::string_view text);

}  // namespace bqcdc::values
