#include "bqcdc/encode/testing/reference_values.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <regex>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/schema/ascii_case.h"

namespace bqcdc::encode::testing {
namespace {

using schema::Column;
using schema::ColumnType;

// https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types
constexpr int64_t kMicros = 1'000'000;  // of a second
constexpr int64_t kTimestampMicrosMin = -62'135'596'800 * kMicros;
constexpr int64_t kTimestampMicrosMax = 253'402'300'800 * kMicros - 1;
constexpr int64_t kDayMin = -719'162;
constexpr int64_t kDayMax = 2'932'896;
constexpr int kJsonDepthMax = 500;

absl::Status Refuse(const Column& column, std::string_view why) {
  return base::InvalidArgument("reference: column ", column.name, ": ", why);
}

bool IsScalarText(const JsonTree& value) {
  return value.kind == JsonTree::Kind::kString || value.kind == JsonTree::Kind::kNumber;
}

// The value of an optional group of digits; 0 without it.
int64_t Number(const std::ssub_match& group) {
  return group.matched && group.length() > 0 ? std::strtoll(group.str().c_str(), nullptr, 10) : 0;
}

// Digits behind a point as millionths; those behind the sixth are left out.
int64_t Millionths(std::string fraction) {
  fraction.resize(6, '0');
  return std::strtoll(fraction.c_str(), nullptr, 10);
}

// --- Decimals: schoolbook arithmetic on decimal digits, most significant first. ---

void AddOne(std::string* digits) {
  size_t i = digits->size();
  while (i > 0 && (*digits)[i - 1] == '9') (*digits)[--i] = '0';
  if (i == 0) {
    digits->insert(0, 1, '1');
  } else {
    ++(*digits)[i - 1];
  }
}

// Takes the last `count` digits off, rounding half up.
void RoundOff(long count, std::string* digits) {
  bool up = false;
  for (; count > 0; --count) {
    if (digits->empty()) digits->push_back('0');
    up = digits->back() >= '5';
    digits->pop_back();
  }
  if (up) AddOne(digits);
}

void TrimZeros(std::string* digits) {
  digits->erase(0, std::min(digits->find_first_not_of('0'), digits->size()));
}

bool IsGreater(const std::string& digits, const std::string& limit) {
  return digits.size() != limit.size() ? digits.size() > limit.size() : digits > limit;
}

// |text| * 10^scale, rounded half away from zero, without leading zeros.
std::string ScaledDigits(std::string text, int scale) {
  long exponent = 0;
  if (const size_t e = text.find_first_of("eE"); e != std::string::npos) {
    exponent = std::strtol(text.c_str() + e + 1, nullptr, 10);
    text.erase(e);
  }
  const size_t point = text.find('.');
  const long fraction_digits = point == std::string::npos ? 0 : static_cast<long>(text.size() - point - 1);
  if (point != std::string::npos) text.erase(point, 1);
  const long shift = exponent - fraction_digits + scale;
  if (shift > 0) text.append(static_cast<size_t>(shift), '0');
  RoundOff(-shift, &text);
  TrimZeros(&text);
  return text;
}

std::string TwosComplement(const std::string& digits, bool negative) {
  std::vector<int> bytes = {0};  // base 256, least significant first
  for (const char digit : digits) {
    int carry = digit - '0';
    for (int& byte : bytes) {
      const int value = byte * 10 + carry;
      byte = value % 256;
      carry = value / 256;
    }
    if (carry != 0) bytes.push_back(carry);
  }
  bytes.push_back(0);  // Room for the sign.
  if (negative) {
    for (int& byte : bytes) byte = 255 - byte;
    for (int& byte : bytes) {
      byte = (byte + 1) % 256;
      if (byte != 0) break;
    }
  }
  while (bytes.size() > 1) {
    const int last = bytes.back();
    const bool next_negative = bytes[bytes.size() - 2] >= 128;
    if (!(last == 0 && !next_negative) && !(last == 255 && next_negative)) break;
    bytes.pop_back();
  }
  return std::string(bytes.begin(), bytes.end());
}

// --- Dates and times. ---

// A date, a time of day, or both, as a text gives them.
struct CivilText {
  int64_t year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  std::string fraction;
  std::string zone;
};

std::optional<CivilText> ReadCivil(ColumnType type, const std::string& text) {
  static const std::string day = R"((\d{4})[-/](\d{1,2})[-/](\d{1,2}))";
  static const std::string clock = R"((\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)";
  static const std::string day_and_clock = day + "(?:[Tt ]" + clock + ")?";
  static const std::regex date(day);
  static const std::regex time(clock);
  static const std::regex datetime(day_and_clock);
  static const std::regex timestamp(day_and_clock + R"((?: ?(Z|UTC|[+-]\d{1,2}(?::\d\d)?))?)");
  const std::regex& pattern = type == ColumnType::kDate       ? date
                              : type == ColumnType::kTime     ? time
                              : type == ColumnType::kDatetime ? datetime
                                                              : timestamp;
  std::smatch found;
  if (!std::regex_match(text, found, pattern)) return std::nullopt;
  CivilText civil;
  size_t next = 1;
  if (type != ColumnType::kTime) {
    civil.year = Number(found[1]);
    civil.month = Number(found[2]);
    civil.day = Number(found[3]);
    next = 4;
  }
  if (type != ColumnType::kDate) {
    civil.hour = Number(found[next]);
    civil.minute = Number(found[next + 1]);
    civil.second = Number(found[next + 2]);
    civil.fraction = found[next + 3];
  }
  if (type == ColumnType::kTimestamp) civil.zone = found[8];
  // Abseil brings fields into their ranges, so that those outside of it come back changed.
  const absl::CivilSecond normal(civil.year, static_cast<int>(civil.month), static_cast<int>(civil.day),
                                 static_cast<int>(civil.hour), static_cast<int>(civil.minute),
                                 static_cast<int>(civil.second));
  const bool in_calendar = normal.year() == civil.year && normal.month() == civil.month &&
                           normal.day() == civil.day && normal.hour() == civil.hour &&
                           normal.minute() == civil.minute && normal.second() == civil.second;
  return in_calendar && civil.year >= 1 ? std::optional(civil) : std::nullopt;
}

// Seconds by which a zone is ahead of UTC; unset beyond 14 hours.
std::optional<int64_t> OffsetOf(const std::string& zone) {
  if (zone.empty() || zone == "Z" || zone == "UTC") return 0;
  const size_t colon = std::min(zone.find(':'), zone.size());
  const int64_t hours = std::strtoll(zone.substr(1, colon - 1).c_str(), nullptr, 10);
  const int64_t minutes =
      colon == zone.size() ? 0 : std::strtoll(zone.substr(colon + 1).c_str(), nullptr, 10);
  const int64_t seconds = hours * 3600 + minutes * 60;
  if (minutes > 59 || seconds > 14 * 3600) return std::nullopt;
  return zone.front() == '-' ? -seconds : seconds;
}

// Whole seconds since 1970 UTC; unset where that is out of range.
std::optional<int64_t> UnixSeconds(const CivilText& civil) {
  const std::optional<int64_t> offset = OffsetOf(civil.zone);
  if (!offset.has_value()) return std::nullopt;
  const absl::CivilSecond second(civil.year, static_cast<int>(civil.month), static_cast<int>(civil.day),
                                 static_cast<int>(civil.hour), static_cast<int>(civil.minute),
                                 static_cast<int>(civil.second));
  const int64_t seconds = (second - absl::CivilSecond(1970, 1, 1)) - *offset;
  const bool in_range = seconds >= kTimestampMicrosMin / kMicros && seconds <= kTimestampMicrosMax / kMicros;
  return in_range ? std::optional(seconds) : std::nullopt;
}

// --- Intervals. ---

struct Parts {
  int64_t months = 0, days = 0, micros = 0;
};

bool AreInRange(const Parts& parts) {
  return std::abs(parts.months) <= 120'000 && std::abs(parts.days) <= 3'660'000 &&
         std::abs(parts.micros) <= kMicros * 3600 * 87'840'000;
}

int64_t Signed(const std::ssub_match& sign, int64_t value) { return sign == "-" ? -value : value; }

std::optional<Parts> ReadInterval(const std::string& text) {
  static const std::regex pattern(
      R"((?:(?:([+-]?)(\d+)-(\d+) )?([+-]?)(\d+) )?([+-]?)(\d+):(\d+):(\d+)(?:\.(\d{1,6}))?)");
  std::smatch found;
  if (!std::regex_match(text, found, pattern)) return std::nullopt;
  return Parts{
      Signed(found[1], Number(found[2]) * 12 + Number(found[3])), Signed(found[4], Number(found[5])),
      Signed(found[6], (Number(found[7]) * 3600 + Number(found[8]) * 60 + Number(found[9])) * kMicros +
                           Millionths(found[10]))};
}

std::optional<Parts> ReadDuration(const std::string& text) {
  static const std::regex pattern(
      R"(P(?!$)(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?)"
      R"((?:T(?!$)(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?)(\d+)(?:\.(\d{1,6}))?S)?)?)");
  std::smatch found;
  if (!std::regex_match(text, found, pattern)) return std::nullopt;
  return Parts{Number(found[1]) * 12 + Number(found[2]), Number(found[3]) * 7 + Number(found[4]),
               (Number(found[5]) * 3600 + Number(found[6]) * 60) * kMicros +
                   Signed(found[7], Number(found[8]) * kMicros + Millionths(found[9]))};
}

// [-]Y-M [-]D [-]H:M:S[.F], the fraction in three or six digits.
std::string CanonicalInterval(const Parts& parts) {
  const int64_t months = std::abs(parts.months);
  const int64_t micros = std::abs(parts.micros);
  const int64_t seconds = micros / kMicros;
  std::string text =
      base::StrCat(parts.months < 0 ? "-" : "", months / 12, "-", months % 12, " ", parts.days, " ",
                   parts.micros < 0 ? "-" : "", seconds / 3600, ":", seconds / 60 % 60, ":", seconds % 60);
  if (micros % kMicros == 0) return text;
  const std::string fraction = std::to_string(kMicros + micros % kMicros).substr(1);
  return text + "." + (fraction.ends_with("000") ? fraction.substr(0, 3) : fraction);
}

int DepthOf(const JsonTree& value) {
  int depth = 0;
  for (const JsonTree& element : value.elements) depth = std::max(depth, DepthOf(element));
  for (const JsonTree::Member& member : value.members) depth = std::max(depth, DepthOf(member.value));
  const bool nests = value.kind == JsonTree::Kind::kArray || value.kind == JsonTree::Kind::kObject;
  return depth + (nests ? 1 : 0);
}

}  // namespace

absl::StatusOr<bool> ReferenceBool(const Column& column, const JsonTree& value) {
  const bool is_true = schema::EqualsIgnoreCase(value.text, "true");
  if (!is_true && !schema::EqualsIgnoreCase(value.text, "false")) return Refuse(column, "no boolean");
  return is_true;
}

absl::StatusOr<int64_t> ReferenceInt64(const Column& column, const JsonTree& value) {
  static const std::regex pattern("-?[0-9]+");
  if (!IsScalarText(value) || !std::regex_match(value.text, pattern)) return Refuse(column, "no integer");
  errno = 0;
  const int64_t number = std::strtoll(value.text.c_str(), nullptr, 10);
  if (errno == ERANGE) return Refuse(column, "an integer out of range");
  return number;
}

absl::StatusOr<double> ReferenceFloat64(const Column& column, const JsonTree& value) {
  static const std::regex name("[+-]?(nan|inf|infinity)", std::regex::icase);
  const bool is_name = std::regex_match(value.text, name);
  char* end = nullptr;
  const double number = std::strtod(value.text.c_str(), &end);
  if (!IsScalarText(value) || value.text.empty() || *end != '\0') return Refuse(column, "no number");
  if (std::isnan(number))
    return std::numeric_limits<double>::quiet_NaN();  // BigQuery knows one, without sign.
  if (std::isinf(number) && !is_name) return Refuse(column, "a number out of range");
  return number;
}

absl::StatusOr<std::string> ReferenceDecimal(const Column& column, const JsonTree& value) {
  static const std::regex pattern(R"(-?\d+(\.\d*)?([eE][+-]?\d{1,3})?)");
  if (!IsScalarText(value) || !std::regex_match(value.text, pattern)) return Refuse(column, "no decimal");
  const bool negative = value.text.front() == '-';
  const bool is_numeric = column.type == ColumnType::kNumeric;
  const int type_scale = is_numeric ? 9 : 38;
  const std::string digits = ScaledDigits(value.text.substr(negative ? 1 : 0), type_scale);
  // 2^255, less one where it is positive.
  const std::string greatest =
      is_numeric
          ? std::string(38, '9')
          : base::StrCat("5789604461865809771178549250434395392663499233282028201972879200395656481996",
                         negative ? "8" : "7");
  if (IsGreater(digits, greatest)) return Refuse(column, "a decimal out of range");
  if (column.precision.has_value()) {
    std::string stored = digits;
    RoundOff(type_scale - static_cast<long>(column.scale.value_or(0)), &stored);
    TrimZeros(&stored);
    if (static_cast<int64_t>(stored.size()) > *column.precision)
      return Refuse(column, "more digits than its type has");
  }
  return TwosComplement(digits, negative);
}

absl::StatusOr<std::string> ReferenceString(const Column& column, const JsonTree& value) {
  if (value.kind == JsonTree::Kind::kObject || value.kind == JsonTree::Kind::kArray)
    return Refuse(column, "no text");
  const auto characters = std::count_if(value.text.begin(), value.text.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; });
  if (column.max_length.has_value() && characters > *column.max_length) return Refuse(column, "a long text");
  return value.text;
}

// [-128, …, 127]
absl::StatusOr<std::string> ByteByByte(const Column& column, const JsonTree& value) {
  std::string bytes;
  for (const JsonTree& element : value.elements) {
    BQCDC_ASSIGN_OR_RETURN(const int64_t byte, ReferenceInt64(column, element));
    if (element.kind != JsonTree::Kind::kNumber || byte < -128 || byte > 127)
      return Refuse(column, "no byte");
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

absl::StatusOr<std::string> ReferenceBytes(const Column& column, const JsonTree& value) {
  std::string bytes;
  if (value.kind == JsonTree::Kind::kArray) {
    BQCDC_ASSIGN_OR_RETURN(bytes, ByteByByte(column, value));
  } else if (value.kind != JsonTree::Kind::kString || (!absl::Base64Unescape(value.text, &bytes) &&
                                                       !absl::WebSafeBase64Unescape(value.text, &bytes))) {
    return Refuse(column, "no base64");
  }
  if (column.max_length.has_value() && static_cast<int64_t>(bytes.size()) > *column.max_length)
    return Refuse(column, "too many bytes");
  return bytes;
}

// A number for a DATETIME is the packed one, from year 1000 on.
absl::StatusOr<int64_t> PackedDatetime(const Column& column, const JsonTree& value) {
  BQCDC_ASSIGN_OR_RETURN(const int64_t packed, ReferenceInt64(column, value));
  const int64_t clock = packed >> 20 & 0x1FFFF;
  const int64_t year = packed >> 46;
  const std::string text = base::StrCat(year, "-", packed >> 42 & 15, "-", packed >> 37 & 31, " ",
                                        clock >> 12, ":", clock >> 6 & 63, ":", clock & 63);
  const bool in_calendar = ReadCivil(ColumnType::kDatetime, text).has_value();
  if (year < 1000 || !in_calendar || (packed & 0xFFFFF) > 999'999)
    return Refuse(column, "no packed datetime");
  return packed;
}

absl::StatusOr<int64_t> ReferenceInstant(const Column& column, const JsonTree& value) {
  const bool is_timestamp = column.type == ColumnType::kTimestamp;
  static const std::regex number("-?[0-9]+");
  if (value.kind == JsonTree::Kind::kNumber || (is_timestamp && std::regex_match(value.text, number))) {
    if (column.type == ColumnType::kDatetime) return PackedDatetime(column, value);
    if (!is_timestamp && column.type != ColumnType::kDate) return Refuse(column, "a number for a clock");
    JsonTree whole = value;
    static const std::regex no_fraction(R"(\.0+$)");
    if (is_timestamp && value.kind == JsonTree::Kind::kNumber)
      whole.text = std::regex_replace(whole.text, no_fraction, "");
    BQCDC_ASSIGN_OR_RETURN(const int64_t given, ReferenceInt64(column, whole));
    const bool in_range = is_timestamp ? given >= kTimestampMicrosMin && given <= kTimestampMicrosMax
                                       : given >= kDayMin && given <= kDayMax;
    if (!in_range) return Refuse(column, "a number out of range");
    return given;
  }
  const std::optional<CivilText> civil = ReadCivil(column.type, value.text);
  if (value.kind != JsonTree::Kind::kString || !civil.has_value() || civil->fraction.size() > 6)
    return Refuse(column, "no date or time");
  const int64_t micros = Millionths(civil->fraction);
  if (is_timestamp) {
    const std::optional<int64_t> seconds = UnixSeconds(*civil);
    if (!seconds.has_value()) return Refuse(column, "an instant out of range");
    return *seconds * kMicros + micros;
  }
  if (column.type == ColumnType::kDate) {
    return absl::CivilDay(civil->year, static_cast<int>(civil->month), static_cast<int>(civil->day)) -
           absl::CivilDay(1970, 1, 1);
  }
  const int64_t clock = (((civil->hour << 12) + (civil->minute << 6) + civil->second) << 20) + micros;
  if (column.type == ColumnType::kTime) return clock;
  return (((civil->year << 26) + (civil->month << 22) + (civil->day << 17)) << 20) + clock;
}

absl::StatusOr<std::string> ReferencePicoseconds(const Column& column, const JsonTree& value) {
  std::optional<int64_t> seconds;
  std::string fraction;
  if (const std::optional<CivilText> civil = ReadCivil(ColumnType::kTimestamp, value.text);
      value.kind == JsonTree::Kind::kString && civil.has_value()) {
    seconds = UnixSeconds(*civil);
    fraction = civil->fraction;
  } else {
    BQCDC_ASSIGN_OR_RETURN(const int64_t micros, ReferenceInstant(column, value));
    seconds = (micros - (micros % kMicros + kMicros) % kMicros) / kMicros;
    fraction = std::to_string(kMicros + (micros - *seconds * kMicros)).substr(1);
  }
  if (!seconds.has_value() || fraction.size() > 12) return Refuse(column, "no timestamp of twelve digits");
  // In UTC, with 0, 3, 6 or 12 digits of a second, as many as are needed.
  fraction.resize(12, '0');
  for (const size_t digits : {6, 3, 0}) {
    if (fraction.find_first_not_of('0', digits) == std::string::npos) fraction.resize(digits);
  }
  return base::StrCat(base::ToStd(absl::FormatTime("%E4Y-%m-%d %H:%M:%S", absl::FromUnixSeconds(*seconds),
                                                   absl::UTCTimeZone())),
                      fraction.empty() ? "" : ".", fraction, "+00");
}

absl::StatusOr<std::string> ReferenceInterval(const Column& column, const JsonTree& value) {
  const bool is_duration = absl::StartsWith(value.text, "P");
  const std::optional<Parts> parts = is_duration ? ReadDuration(value.text) : ReadInterval(value.text);
  if (value.kind != JsonTree::Kind::kString || !parts.has_value() || !AreInRange(*parts))
    return Refuse(column, "no interval");
  return is_duration ? CanonicalInterval(*parts) : value.text;
}

absl::StatusOr<std::string> ReferenceJson(const Column& column, const JsonTree& value) {
  if (value.kind != JsonTree::Kind::kString) {
    if (DepthOf(value) > kJsonDepthMax) return Refuse(column, "deep JSON");
    return value.source;
  }
  BQCDC_ASSIGN_OR_RETURN(const JsonTree tree, ParseJsonTree(value.text));
  if (DepthOf(tree) > kJsonDepthMax) return Refuse(column, "deep JSON");
  return value.text;
}

absl::StatusOr<JsonTree> ReferenceRange(const Column& column, const JsonTree& value) {
  JsonTree ends = value;
  if (value.kind == JsonTree::Kind::kString) {
    static const std::regex pattern(R"(\[ *([^,]*?) *, *([^,]*?) *\))");
    static const std::regex unbounded("unbounded|null", std::regex::icase);
    std::smatch found;
    if (!std::regex_match(value.text, found, pattern)) return Refuse(column, "no range");
    ends = {.kind = JsonTree::Kind::kObject};
    for (size_t i = 0; i < 2; ++i) {
      const std::string end = found[i + 1];
      if (std::regex_match(end, unbounded)) continue;
      ends.members.push_back(
          {i == 0 ? "start" : "end", {.kind = JsonTree::Kind::kString, .text = end, .source = end}});
    }
  }
  std::optional<int64_t> start, end;
  for (const JsonTree::Member& member : ends.members) {
    if (member.value.kind == JsonTree::Kind::kNull) continue;
    const Column part{.name = column.name, .type = *column.range_element_type};
    BQCDC_ASSIGN_OR_RETURN(const int64_t instant, ReferenceInstant(part, member.value));
    (schema::EqualsIgnoreCase(member.name, "start") ? start : end) = instant;
  }
  if (start.has_value() && end.has_value() && *start >= *end) return Refuse(column, "ends before it starts");
  return ends;
}

}  // namespace bqcdc::encode::testing
