#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/numeric.h"

// What CAST makes of STRING and FLOAT64 values, with the service's errors
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast). Messages quote
// the value, as the service's do: they go to the caller, never into a log.
namespace bqcdc::emulator::sql {

absl::StatusOr<bool> TextToBool(std::string_view text);
absl::StatusOr<int64_t> TextToInt64(std::string_view text);
absl::StatusOr<double> TextToFloat64(std::string_view text);
absl::StatusOr<values::Numeric> TextToNumeric(std::string_view text);
absl::StatusOr<values::BigNumeric> TextToBigNumeric(std::string_view text);
absl::StatusOr<int64_t> TextToDate(std::string_view text);
absl::StatusOr<int64_t> TextToDatetime(std::string_view text);
absl::StatusOr<int64_t> TextToTime(std::string_view text);
// `zone` is used where the text has none.
absl::StatusOr<int64_t> TextToTimestamp(std::string_view text, std::string_view zone);
// Picoseconds as decimal text.
absl::StatusOr<std::string> TextToPicos(std::string_view text);
absl::StatusOr<values::Interval> TextToInterval(std::string_view text);

// Shortest text that reads back as the value: 1.0, 1e+20, inf, nan.
std::string Float64ToText(double value);
// Rounds half away from zero.
absl::StatusOr<int64_t> Float64ToInt64(double value);
absl::StatusOr<values::Numeric> Float64ToNumeric(double value);
absl::StatusOr<values::BigNumeric> Float64ToBigNumeric(double value);

double NumericToFloat64(values::Numeric value);

}  // namespace bqcdc::emulator::sql
