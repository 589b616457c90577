#include "bqcdc/emulator/sql/types/text_conversion.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::sql {
namespace {

using values::ValueError;

std::string_view Strip(std::string_view text) {
  return base::ToStd(absl::StripAsciiWhitespace(base::ToAbsl(text)));
}

template <typename T, typename Parse>
absl::StatusOr<T> Parsed(std::string_view text, std::string_view before, std::string_view after,
                         Parse parse) {
  T value{};
  if (parse(Strip(text), &value) != ValueError::kNone) return base::InvalidArgument(before, text, after);
  return value;
}

}  // namespace

absl::StatusOr<bool> TextToBool(std::string_view text) {
  if (absl::EqualsIgnoreCase(base::ToAbsl(text), "true")) return true;
  if (absl::EqualsIgnoreCase(base::ToAbsl(text), "false")) return false;
  return base::InvalidArgument("Bad bool value: ", text);
}

absl::StatusOr<int64_t> TextToInt64(std::string_view text) {
  std::string_view digits = Strip(text);
  const absl::Status bad = base::InvalidArgument("Bad int64 value: ", text);
  bool negative = false;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
    negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  const bool hex = digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
  if (hex) digits.remove_prefix(2);
  uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, hex ? 16 : 10);
  if (error != std::errc() || digits.empty() || end != digits.data() + digits.size()) return bad;
  constexpr uint64_t kLimit = 1ULL << 63;
  if (magnitude > kLimit || (magnitude == kLimit && !negative)) return bad;
  return negative ? static_cast<int64_t>(0 - magnitude) : static_cast<int64_t>(magnitude);
}

absl::StatusOr<double> TextToFloat64(std::string_view text) {
  const std::string_view number = Strip(text);
  double value = 0;
  // SimpleAtod takes inf, infinity and nan in any case, and hexadecimal never.
  if (!absl::SimpleAtod(base::ToAbsl(number), &value))
    return base::InvalidArgument("Bad double value: ", text);
  const bool names_infinity = absl::StrContains(absl::AsciiStrToLower(base::ToAbsl(number)), "inf");
  if (std::isinf(value) && !names_infinity) return base::InvalidArgument("Bad double value: ", text);
  return value;
}

absl::StatusOr<values::Numeric> TextToNumeric(std::string_view text) {
  return Parsed<values::Numeric>(text, "Invalid NUMERIC value: ", "", values::Numeric::Parse);
}

absl::StatusOr<values::BigNumeric> TextToBigNumeric(std::string_view text) {
  return Parsed<values::BigNumeric>(text, "Invalid BIGNUMERIC value: ", "", values::BigNumeric::Parse);
}

absl::StatusOr<int64_t> TextToDate(std::string_view text) {
  int32_t days = 0;
  // A date may carry a time of day, which is checked and dropped.
  if (values::ParseDate(text, &days) == ValueError::kNone) return days;
  return base::InvalidArgument("Invalid date: '", text, "'");
}

absl::StatusOr<int64_t> TextToDatetime(std::string_view text) {
  int64_t micros = 0;
  if (values::ParseDatetime(text, &micros) == ValueError::kNone) return micros;
  return base::InvalidArgument("Invalid datetime string \"", text, "\"");
}

absl::StatusOr<int64_t> TextToTime(std::string_view text) {
  int64_t micros = 0;
  if (values::ParseTime(text, &micros) == ValueError::kNone) return micros;
  return base::InvalidArgument("Invalid time string \"", text, "\"");
}

absl::StatusOr<int64_t> TextToTimestamp(std::string_view text, std::string_view zone) {
  int64_t micros = 0;
  // Without a zone in the text it is a DATETIME (or a date) in `zone`.
  int64_t local = 0;
  if (values::ParseDatetime(text, &local) == ValueError::kNone) {
    if (!values::LocalToUtc(zone, local, &micros)) return base::InvalidArgument("Invalid time zone: ", zone);
    return micros;
  }
  if (values::ParseTimestamp(text, &micros) == ValueError::kNone) return micros;
  return base::InvalidArgument("Invalid timestamp: '", text, "'");
}

absl::StatusOr<values::Interval> TextToInterval(std::string_view text) {
  return Parsed<values::Interval>(text, "Invalid INTERVAL value '", "'", values::ParseInterval);
}

std::string Float64ToText(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char digits[40];
  // %.15g where that reads back, else %.17g: the digits that the service's own conversion tries, in its
  // order.
  std::snprintf(digits, sizeof(digits), "%.15g", value);
  if (std::strtod(digits, nullptr) != value) std::snprintf(digits, sizeof(digits), "%.16g", value);
  if (std::strtod(digits, nullptr) != value) std::snprintf(digits, sizeof(digits), "%.17g", value);
  return digits;
}

absl::StatusOr<int64_t> Float64ToInt64(double value) {
  const double rounded = std::round(value);
  if (!(rounded >= -9223372036854775808.0 && rounded < 9223372036854775808.0)) {
    return base::InvalidArgument("Illegal conversion of ", Float64ToText(value), " to type int64");
  }
  return static_cast<int64_t>(rounded);
}

absl::StatusOr<values::Numeric> Float64ToNumeric(double value) {
  values::Numeric result;
  if (values::Numeric::FromDouble(value, &result) == ValueError::kNone) return result;
  return base::InvalidArgument("Illegal conversion of ", Float64ToText(value), " to numeric type");
}

absl::StatusOr<values::BigNumeric> Float64ToBigNumeric(double value) {
  values::BigNumeric result;
  if (values::BigNumeric::FromDouble(value, &result) == ValueError::kNone) return result;
  return base::InvalidArgument("Illegal conversion of ", Float64ToText(value), " to bignumeric type");
}

double NumericToFloat64(values::Numeric value) { return std::strtod(value.ToString().c_str(), nullptr); }

}  // namespace bqcdc::emulator::sql
