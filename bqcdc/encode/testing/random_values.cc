#include "bqcdc/encode/testing/random_values.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <vector>

#include "absl/strings/escaping.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/encode/testing/limit_values.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::encode::testing {
namespace {

using schema::Column;
using schema::ColumnType;

// One text in so many is long enough for a length of four bytes.
constexpr uint32_t kHugeTextEvery = 4000;
constexpr size_t kHugeTextBytes = size_t{1} << 21;

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

// A JSON text inside of a JSON string.
std::string Escaped(const std::string& json) {
  std::string escaped;
  for (const char c : json) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::string RandomValues::Taken(const Column& column) {
  if (Below(12) != 0) return Usual(column);
  const std::vector<std::string> limits = LimitValuesOf(column).taken;
  return limits[Below(static_cast<uint32_t>(limits.size()))];
}

std::optional<std::string> RandomValues::Refused(const Column& column) {
  const std::vector<std::string> beyond = LimitValuesOf(column).refused;
  if (beyond.empty()) return std::nullopt;
  return beyond[Below(static_cast<uint32_t>(beyond.size()))];
}

int64_t RandomValues::Between(int64_t first, int64_t last) {
  return std::uniform_int_distribution<int64_t>(first, last)(*random_);
}

std::string RandomValues::Usual(const Column& column) {
  switch (column.type) {
    case ColumnType::kBool: {
      constexpr std::array<const char*, 4> kTexts = {"true", "false", "\"TRUE\"", "\"False\""};
      return kTexts[Below(kTexts.size())];
    }
    case ColumnType::kInt64:
      return MaybeQuoted(Sign() + Digits(18));
    case ColumnType::kFloat64:
      return MaybeQuoted(Float64());
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      return MaybeQuoted(DecimalOf(column));
    case ColumnType::kString: {
      constexpr uint32_t kTokenBytesMax = 12;  // sign, point and two times five digits
      const auto characters = static_cast<uint32_t>(column.max_length.value_or(kHugeTextBytes));
      if (characters >= kTokenBytesMax && Below(8) == 0) return Decimal(5, 5);
      return Quoted(Text(characters));
    }
    case ColumnType::kBytes:
      return Quoted(Base64(static_cast<uint32_t>(column.max_length.value_or(64))));
    case ColumnType::kDate:
      return Below(4) == 0 ? std::to_string(Between(values::kDateMin, values::kDateMax)) : Quoted(Date());
    case ColumnType::kDatetime:
      return Quoted(Datetime(Between(values::kDatetimeMin, values::kDatetimeMax)));
    case ColumnType::kTime:
      return Quoted(Time());
    case ColumnType::kTimestamp:
      if (!column.picoseconds() && Below(4) == 0)
        return MaybeQuoted(std::to_string(Between(values::kTimestampMin, values::kTimestampMax)));
      return Quoted(Timestamp(column.picoseconds()));
    case ColumnType::kJson: {
      const std::string json = Json(4);
      // A string's content would be taken for JSON itself.
      if (json.front() == '"' || Below(3) == 0) return Quoted(Escaped(json));
      return json == "null" ? "[]" : json;
    }
    case ColumnType::kInterval:
      return Quoted(Interval());
    case ColumnType::kGeography:
      return Below(5) == 0 ? R"({"coordinates":[)" + Decimal(2, 8) + R"(,1],"type":"Point"})"
                           : Quoted(Geography());
    case ColumnType::kRange:
      return Range(*column.range_element_type);
    case ColumnType::kStruct:
      break;
  }
  return "null";
}

std::string RandomValues::MaybeQuoted(const std::string& text) { return Below(3) == 0 ? Quoted(text) : text; }

// 1 to `count_max` digits without a leading zero.
std::string RandomValues::Digits(uint32_t count_max) {
  std::string digits(1, static_cast<char>('1' + Below(9)));
  for (uint32_t n = Below(count_max); n > 0; --n) digits += static_cast<char>('0' + Below(10));
  return digits;
}

std::string RandomValues::Decimal(uint32_t integer_digits_max, uint32_t fraction_digits_max) {
  const std::string integer = integer_digits_max == 0 || Below(5) == 0 ? "0" : Digits(integer_digits_max);
  if (fraction_digits_max == 0 || Below(4) == 0) return integer == "0" ? "0" : Sign() + integer;
  return Sign() + integer + "." + Digits(fraction_digits_max);
}

// Also doubles of any bits: denormal ones, and all exponents.
std::string RandomValues::Float64() {
  if (Below(2) == 0) return Decimal(17, 20) + (Below(3) == 0 ? "e-" + std::to_string(Below(300)) : "");
  const uint64_t high = (*random_)();
  const auto number = std::bit_cast<double>(high << 32 | (*random_)());
  if (!std::isfinite(number)) return "1.5";
  char text[32];
  std::snprintf(text, sizeof text, Below(2) == 0 ? "%.17g" : "%.20e", number);
  return text;
}

// As many digits as the type and its parameters have room for; without parameters also some that are rounded
// away.
std::string RandomValues::DecimalOf(const Column& column) {
  if (column.precision.has_value()) {
    const auto scale = static_cast<uint32_t>(column.scale.value_or(0));
    return Decimal(static_cast<uint32_t>(*column.precision) - scale, scale);
  }
  if (column.type == ColumnType::kBigNumeric) return Decimal(38, 38 + Below(10));
  return Decimal(28, 9 + Below(10)) + (Below(6) == 0 ? "E-3" : "");
}

std::string RandomValues::Text(uint32_t characters_max) {
  // Each is so many characters.
  struct Piece {
    const char* json;
    uint32_t characters;
  };
  constexpr std::array<Piece, 12> kPieces = {{{"a", 1},
                                              {"Zz 9", 4},
                                              {"é", 1},
                                              {"列", 1},
                                              {"\\\"", 1},
                                              {"\\\\", 1},
                                              {"\\n", 1},
                                              {"\\/", 1},
                                              {"😀", 1},
                                              {"\\u00e9", 1},
                                              {"\\ud83d\\ude00", 1},
                                              {"{,:}[]", 6}}};
  if (characters_max >= kHugeTextBytes && Below(kHugeTextEvery) == 0)
    return std::string(kHugeTextBytes - Below(2), 'x');
  std::string text;
  uint32_t left = characters_max;
  for (uint32_t n = Below(Below(20) == 0 ? 400 : 8); n > 0; --n) {
    const Piece& piece = kPieces[Below(kPieces.size())];
    if (piece.characters > left) continue;
    text += piece.json;
    left -= piece.characters;
  }
  return text;
}

// In both alphabets, with and without padding, and with the slash as JSON may write it.
std::string RandomValues::Base64(uint32_t bytes_max) {
  std::string bytes;
  for (uint32_t n = Below(std::min(bytes_max, 48u) + 1); n > 0; --n) bytes += static_cast<char>(Below(256));
  std::string text;
  if (Below(3) == 0) {
    absl::WebSafeBase64Escape(bytes, &text);
    return text;
  }
  absl::Base64Escape(bytes, &text);
  if (Below(4) == 0) text.erase(std::min(text.find('='), text.size()));
  if (const size_t slash = text.find('/'); slash != std::string::npos && Below(2) == 0) {
    text.insert(slash, "\\");
  }
  return text;
}

std::string RandomValues::Date() {
  return values::FormatDate(static_cast<int32_t>(Between(values::kDateMin, values::kDateMax)));
}

std::string RandomValues::Time() {
  const int64_t micros =
      static_cast<int64_t>(Below(86'400)) * values::kMicrosPerSecond + (Below(2) == 0 ? 0 : Below(1'000'000));
  return values::FormatTime(micros, values::FractionDigits::kShortest);
}

std::string RandomValues::Datetime(int64_t micros) {
  if (Below(2) == 0) micros -= micros % values::kMicrosPerSecond;
  std::string text =
      values::FormatDatetime(micros, Below(2) == 0 ? 'T' : ' ', values::FractionDigits::kShortest);
  if (Below(8) == 0) text[4] = text[7] = '/';
  return text;
}

std::string RandomValues::Timestamp(bool picoseconds) {
  constexpr std::array<const char*, 5> kZones = {"", "Z", " UTC", "+00", "-00:00"};
  const int64_t utc = Between(values::kTimestampMin, values::kTimestampMax);
  int64_t local = utc;
  std::string zone = kZones[Below(kZones.size())];
  // The clock of another zone, where it shows a year that can be written.
  const int64_t minutes = Between(-14 * 60, 14 * 60);
  if (const int64_t shown = utc + minutes * values::kMicrosPerMinute;
      Below(2) == 0 && values::IsDatetime(shown)) {
    char offset[16];
    std::snprintf(offset, sizeof offset, "%c%02d:%02d", minutes < 0 ? '-' : '+',
                  static_cast<int>(std::abs(minutes)) / 60, static_cast<int>(std::abs(minutes)) % 60);
    local = shown;
    zone = offset;
  }
  if (!picoseconds) return Datetime(local) + zone;
  const std::string text = values::FormatDatetime(local, ' ', values::FractionDigits::kMicroOrNone);
  return text + (text.find('.') != std::string::npos && Below(4) != 0 ? Digits(6) : "") + zone;
}

// The canonical text, its tails and durations.
std::string RandomValues::Interval() {
  const std::string fraction = Below(2) == 0 ? "" : "." + Digits(6);
  const std::string clock =
      base::StrCat(Sign(), Between(0, 87'839'999), ":", Below(60), ":", Below(60), fraction);
  const std::string days = Sign() + std::to_string(Between(0, 3'660'000));
  switch (Below(4)) {
    case 0:
      return base::StrCat("P", Sign(), Below(9000), "Y", Sign(), Below(12'000), "M", Sign(), Below(400'000),
                          "W", Sign(), Below(800'000), "DT", Sign(), Between(0, 87'000'000), "H", Sign(),
                          Below(10'000), "M", Sign(), Below(100'000), fraction, "S");
    case 1:
      return clock;
    case 2:
      return days + " " + clock;
    default:
      return base::StrCat(Sign(), Below(10'000), "-", Below(12), " ", days, " ", clock);
  }
}

// Ends in order, one of them or both left out or null, keys in any case, as an object or as text.
std::string RandomValues::Range(ColumnType element) {
  std::array<std::string, 2> ends;
  if (element == ColumnType::kDate) {
    const int64_t start = Between(values::kDateMin, values::kDateMax - 1);
    const int64_t end = Between(start + 1, values::kDateMax);
    ends = {values::FormatDate(static_cast<int32_t>(start)), values::FormatDate(static_cast<int32_t>(end))};
    if (Below(4) == 0) return base::StrCat("{\"start\":", start, ",\"end\":", end, "}");
  } else {
    const int64_t start = Between(values::kDatetimeMin, values::kDatetimeMax - values::kMicrosPerSecond);
    // A second apart, since Datetime() may leave out what is less.
    const int64_t end = Between(start + values::kMicrosPerSecond, values::kDatetimeMax);
    if (element == ColumnType::kTimestamp && Below(4) == 0)
      return base::StrCat("{\"start\":", start, ",\"end\":", end, "}");
    ends = {Datetime(start - (start - values::kDatetimeMin) % values::kMicrosPerSecond), Datetime(end)};
  }
  const uint32_t unbounded = Below(6);  // the bits of the first four say which ends are open
  const auto is_open = [unbounded](size_t end) { return unbounded < 4 && (unbounded >> end & 1) != 0; };
  if (Below(4) == 0) {
    const char* const open = Below(2) == 0 ? "UNBOUNDED" : "null";
    return Quoted("[" + (is_open(0) ? open : ends[0]) + ", " + (is_open(1) ? open : ends[1]) + ")");
  }
  std::string object = "{";
  for (const size_t end : {size_t{0}, size_t{1}}) {
    const std::string key = end == 0 ? "\"start\":" : Below(2) == 0 ? "\"end\":" : "\"END\":";
    if (is_open(end) && Below(2) == 0) continue;
    object += (object.size() > 1 ? "," : "") + key + (is_open(end) ? "null" : Quoted(ends[end]));
  }
  return object + "}";
}

std::string RandomValues::Geography() {
  const auto vertex = [this] { return Decimal(2, 8) + " " + Decimal(1, 8); };
  switch (Below(4)) {
    case 0:
      return "Polygon((0 0, 4 0, 4 4, 0 0))";
    case 1:
      return "LINESTRING(" + vertex() + "," + vertex() + ")";
    case 2:
      return R"({\"type\": \"Point\", \"coordinates\": [)" + Decimal(2, 8) + ", 1]}";
    default:
      return "POINT(" + vertex() + ")";
  }
}

// Arrays and objects of any size. Texts have only the escapes that nlohmann/json writes back as they were.
std::string RandomValues::Json(int depth) {
  constexpr std::array<const char*, 8> kStrings = {
      "\"\"",        "\"x y\"",    "\"ü列😀\"", "\"\\\"\\\\\"", "\"\\n\\t\\b\\f\\r\"",
      "\"\\u0001\"", "\"{[,:]}\"", "\"/\""};
  switch (Below(depth > 0 ? 8 : 5)) {
    case 0:
      return "null";
    case 1:
      return Below(2) == 0 ? "true" : "false";
    case 2:
      return Decimal(25, 25);
    case 3:
      return Decimal(15, 15) + (Below(2) == 0 ? "E+" : "e-") + std::to_string(Below(280));
    case 4:
      return kStrings[Below(kStrings.size())];
    case 5: {
      std::string array = "[";
      for (uint32_t n = Below(4); n > 0; --n) array += (array.size() > 1 ? "," : "") + Json(depth - 1);
      return array + "]";
    }
    default: {
      std::string object = "{";
      for (uint32_t n = Below(4); n > 0; --n) {
        object += (object.size() > 1 ? "," : "") + std::string(kStrings[Below(kStrings.size())]) + ":" +
                  Json(depth - 1);
      }
      return object + "}";
    }
  }
}

}  // namespace bqcdc::encode::testing
