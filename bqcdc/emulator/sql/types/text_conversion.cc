#include "bqcdc/emulator/sql/types/text_conversion.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/picoseconds.h"

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

// A number with a sign and up to 9 digits of fraction, in billionths; digits below the microsecond are
// refused.
std::optional<__int128> TakeIsoNumber(std::string_view* text, bool* has_fraction) {
  const bool negative = !text->empty() && text->front() == '-';
  if (!text->empty() && (text->front() == '-' || text->front() == '+')) text->remove_prefix(1);
  constexpr size_t kDigitsMax = 18;
  __int128 value = 0;
  size_t digits = 0;
  for (; !text->empty() && absl::ascii_isdigit(text->front()); text->remove_prefix(1)) {
    value = value * 10 + (text->front() - '0');
    if (++digits > kDigitsMax) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  value *= 1'000'000'000;
  *has_fraction = !text->empty() && text->front() == '.';
  if (*has_fraction) {
    text->remove_prefix(1);
    __int128 unit = 100'000'000;
    if (text->empty() || !absl::ascii_isdigit(text->front())) return std::nullopt;
    for (; !text->empty() && absl::ascii_isdigit(text->front()); text->remove_prefix(1)) {
      value += unit * (text->front() - '0');
      unit /= 10;
      if (unit == 0 && text->size() > 1 && absl::ascii_isdigit((*text)[1])) return std::nullopt;
    }
  }
  return negative ? -value : value;
}

// ISO 8601 behind the P: [n Y][n M][n W][n D][T[n H][n M][n S]], each with a sign of its own.
std::optional<values::Interval> IsoInterval(std::string_view text) {
  struct Designator {
    char letter;
    bool time;
    int64_t months;
    int64_t days;
    int64_t micros;
  };
  static constexpr Designator kDesignators[] = {
      {'Y', false, 12, 0, 0},
      {'M', false, 1, 0, 0},
      {'W', false, 0, 7, 0},
      {'D', false, 0, 1, 0},
      {'H', true, 0, 0, values::kMicrosPerHour},
      {'M', true, 0, 0, values::kMicrosPerMinute},
      {'S', true, 0, 0, values::kMicrosPerSecond},
  };
  __int128 months = 0;
  __int128 days = 0;
  __int128 micros = 0;
  bool time = false;
  size_t next = 0;
  size_t parts = 0;
  while (!text.empty()) {
    if (text.front() == 'T') {
      if (time || text.size() == 1) return std::nullopt;
      time = true;
      text.remove_prefix(1);
    }
    bool has_fraction = false;
    const std::optional<__int128> number = TakeIsoNumber(&text, &has_fraction);
    if (!number || text.empty()) return std::nullopt;
    size_t found = next;
    while (found < std::size(kDesignators) &&
           (kDesignators[found].letter != text.front() || kDesignators[found].time != time)) {
      ++found;
    }
    if (found == std::size(kDesignators)) return std::nullopt;
    const Designator& designator = kDesignators[found];
    constexpr __int128 kBillion = 1'000'000'000;
    if (has_fraction && designator.letter != 'S') return std::nullopt;
    const __int128 scaled_micros = *number * designator.micros;
    if (scaled_micros % kBillion != 0) return std::nullopt;
    months += *number / kBillion * designator.months;
    days += *number / kBillion * designator.days;
    micros += scaled_micros / kBillion;
    next = found + 1;
    ++parts;
    text.remove_prefix(1);
  }
  const auto inside = [](__int128 value, int64_t limit) { return value >= -limit && value <= limit; };
  if (parts == 0 || !inside(months, values::Interval::kMonthsMax) ||
      !inside(days, values::Interval::kDaysMax) || !inside(micros, values::Interval::kMicrosMax)) {
    return std::nullopt;
  }
  return values::Interval{static_cast<int32_t>(months), static_cast<int32_t>(days),
                          static_cast<int64_t>(micros)};
}

// Which fields the text gives: told by its spaces, colons and dashes behind a digit, as the service does;
// null where that fits none.
const char* IntervalFields(std::string_view text) {
  int spaces = 0;
  int colons = 0;
  int dashes = 0;
  char before = '\0';
  for (const char c : text) {
    spaces += c == ' ' ? 1 : 0;
    colons += c == ':' ? 1 : 0;
    dashes += c == '-' && absl::ascii_isdigit(before) ? 1 : 0;
    before = c;
  }
  struct Row {
    int spaces;
    int colons;
    int dashes;
    const char* fields;
  };
  static constexpr Row kRows[] = {
      {2, 2, 1, "YEAR TO SECOND"},  {2, 1, 1, "YEAR TO MINUTE"},  {2, 0, 1, "YEAR TO HOUR"},
      {1, 0, 1, "YEAR TO DAY"},     {0, 0, 1, "YEAR TO MONTH"},   {2, 0, 0, "MONTH TO HOUR"},
      {2, 1, 0, "MONTH TO MINUTE"}, {2, 2, 0, "MONTH TO SECOND"}, {1, 1, 0, "DAY TO MINUTE"},
      {1, 2, 0, "DAY TO SECOND"},   {0, 2, 0, "HOUR TO SECOND"},
  };
  for (const Row& row : kRows) {
    if (row.spaces == spaces && row.colons == colons && row.dashes == dashes) return row.fields;
  }
  return nullptr;
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
    if (!values::IsTimestamp(micros)) return base::InvalidArgument("Invalid timestamp: '", text, "'");
    return micros;
  }
  if (values::ParseTimestamp(text, &micros) == ValueError::kNone) return micros;
  return base::InvalidArgument("Invalid timestamp: '", text, "'");
}

absl::StatusOr<std::string> TextToPicos(std::string_view text) {
  __int128 picos = 0;
  if (values::ParseTimestampPicos(text, &picos) == ValueError::kNone) return values::PicosToText(picos);
  return base::InvalidArgument("Invalid timestamp: '", text, "'");
}

absl::StatusOr<values::Interval> TextToInterval(std::string_view text) {
  if (const std::string_view body = Strip(text); !body.empty() && body[0] == 'P') {
    std::optional<values::Interval> interval = IsoInterval(body.substr(1));
    if (!interval) return base::InvalidArgument("Invalid INTERVAL value '", text, "'");
    return *interval;
  }
  const auto bad = [&] { return base::InvalidArgument("Invalid INTERVAL value '", text, "'"); };
  const char* fields = IntervalFields(text);
  values::Interval interval;
  if (fields == nullptr || text.find('\'') != std::string_view::npos ||
      values::ParseSqlInterval(base::StrCat("INTERVAL '", text, "' ", fields), &interval) !=
          ValueError::kNone) {
    return bad();
  }
  return interval;
}

std::string Float64ToText(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == 0) return "0";  // never signed
  char digits[40];
  // %.15g where that reads back, else %.17g, as RoundTripDoubleToString of ZetaSQL.
  std::snprintf(digits, sizeof(digits), "%.15g", value);
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
