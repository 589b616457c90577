#include "bqcdc/encode/testing/limit_values.h"

#include <cstddef>
#include <string_view>

#include "absl/strings/escaping.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/values/geography.h"
#include "bqcdc/values/json_text.h"

namespace bqcdc::encode::testing {
namespace {

using schema::Column;
using schema::ColumnType;
using Texts = std::vector<std::string>;

// Sizes on both sides of a step of the encoder's copying and of a length's varint.
constexpr size_t kTextSizes[] = {0, 1, 15, 16, 17, 31, 32, 33, 127, 128, 16'383, 16'384};
// Digits of a number that has to stay one for every JSON parser.
constexpr int64_t kNumberDigitsMax = 15;

std::string Quoted(std::string_view text) { return base::StrCat("\"", text, "\""); }

std::string Repeated(std::string_view text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

// Numbers as they are and in quotes: columns of numbers take both.
Texts BothWays(const Texts& numbers) {
  Texts texts = numbers;
  for (const std::string& number : numbers) texts.push_back(Quoted(number));
  return texts;
}

Texts InQuotes(const Texts& values) {
  Texts texts;
  for (const std::string& value : values) texts.push_back(Quoted(value));
  return texts;
}

Texts Joined(Texts first, const Texts& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

LimitValues Int64Limits() {
  return {BothWays({"0", "-1", "9999999999999999", "-999999999999999", "9223372036854775807",
                    "-9223372036854775808"}),
          BothWays({"9223372036854775808", "-9223372036854775809", "18446744073709551615",
                    "100000000000000000000", "1.5", "1e3"})};
}

LimitValues Float64Limits() {
  // The largest double and what still is rounded to it, the smallest normal and denormal ones, numbers
  // between two doubles and those that are rounded to a zero.
  const Texts numbers = {
      "0.0",
      "-0.0",
      "1.7976931348623157e308",
      "-1.7976931348623157E+308",
      "1.7976931348623158e308",
      "2.2250738585072014e-308",
      "2.2250738585072011e-308",
      "-2.225073858507201e-308",
      "4.9406564584124654e-324",
      "-5e-324",
      "2.4703282292062328e-324",
      "2.4703282292062327e-324",
      "1e-400",
      "-1e-400",
      "9007199254740993",
      "9007199254740993.0",
      "0.1000000000000000055511151231257827021181583404541015625",
      "123456789012345678901234567890.123456789012345678901234567890",
      "1e22",
      "1e23",
  };
  return {Joined(BothWays(numbers), InQuotes({"-0", "NaN", "nan", "-NaN", "Infinity", "-Infinity", "inf",
                                              "-INF", "+inf", "+Infinity"})),
          Joined(BothWays({"1.7976931348623159e308", "-1.7976931348623159e308", "1e309", "-1e400"}),
                 InQuotes({"", "1.5x", "infinite"}))};
}

LimitValues DecimalLimits(const Column& column) {
  const bool is_numeric = column.type == ColumnType::kNumeric;
  const int64_t type_scale = is_numeric ? 9 : 38;
  const int64_t scale = column.precision.has_value() ? column.scale.value_or(0) : type_scale;
  LimitValues limits;
  if (is_numeric || column.precision.has_value()) {
    const int64_t integer_digits = column.precision.has_value() ? *column.precision - scale : 29;
    const std::string integer =
        integer_digits == 0 ? "0" : std::string(static_cast<size_t>(integer_digits), '9');
    // Behind the scale's last digit stands one that is rounded away, or one that carries.
    const std::string greatest = integer + "." + std::string(static_cast<size_t>(scale), '9');
    const std::string power = "1" + std::string(static_cast<size_t>(integer_digits), '0');
    limits.taken = {integer, "-" + integer, greatest + "4", "-" + greatest + "4"};
    if (scale > 0) limits.taken.insert(limits.taken.end(), {greatest, "-" + greatest});
    limits.refused = {power, "-" + power, greatest + "5", "-" + greatest + "5", "1E50"};
  } else {
    const std::string digits =
        "578960446186580977117854925043439539266.3499233282028201972879200395656481996";
    limits.taken = {digits + "7", "-" + digits + "8", digits + "74", "-" + digits + "84"};
    limits.refused = {digits + "8", "-" + digits + "9", digits + "75", "-" + digits + "85", "1e39"};
  }
  const std::string last = base::StrCat("e-", scale);
  const std::string behind = base::StrCat("e-", scale + 1);
  Texts small = {"0", "-0.0", "4" + behind, "-4" + behind, "0e400"};
  // A column of one digit in front of the point has room for the smallest step, one with scale only as well.
  for (const std::string& step : {"1" + last, "-1" + last, "5" + behind, "-5" + behind})
    small.push_back(step);
  limits.taken = BothWays(Joined(limits.taken, small));
  limits.refused = BothWays(limits.refused);
  return limits;
}

LimitValues StringLimits(const Column& column) {
  LimitValues limits;
  // A character in every length of UTF-8, and as escapes.
  const std::string_view characters[] = {"a", "é", "列", "😀", "\\n", "\\u00e9", "\\ud83d\\ude00"};
  if (!column.max_length.has_value()) {
    for (const size_t size : kTextSizes) {
      limits.taken.push_back(Quoted(std::string(size, 'a')));
      limits.taken.push_back(Quoted(std::string(size, 'a') + "\\\\"));
    }
    limits.taken.push_back(Quoted("\\u0000"));
  } else {
    const auto count = static_cast<size_t>(*column.max_length);
    for (const std::string_view character : characters) {
      limits.taken.push_back(Quoted(Repeated(character, count)));
      limits.refused.push_back(Quoted(Repeated(character, count + 1)));
    }
    if (*column.max_length < kNumberDigitsMax) {
      limits.taken.push_back(std::string(count, '7'));
      limits.refused.push_back(std::string(count + 1, '7'));
    }
    if (*column.max_length < 4) limits.refused.emplace_back("true");
  }
  // Halves of a surrogate pair.
  for (const char* half : {"\\ud83d", "\\ude00", "\\ude00\\ud83d", "\\ud83da"})
    limits.refused.push_back(Quoted(half));
  return limits;
}

std::string Base64Of(size_t size) {
  std::string text;
  absl::Base64Escape(std::string(size, '\xfe'), &text);
  return Quoted(text);
}

LimitValues BytesLimits(const Column& column) {
  LimitValues limits;
  if (!column.max_length.has_value()) {
    for (const size_t size : kTextSizes) limits.taken.push_back(Base64Of(size));
    limits.taken.insert(limits.taken.end(), {"[]", "[-128,0,127]"});
    limits.refused.insert(limits.refused.end(), {"[-129]", "[128]", "[0.5]", "[\"1\"]", "[[1]]"});
  } else {
    const auto size = static_cast<size_t>(*column.max_length);
    limits.taken = {Base64Of(0), Base64Of(size)};
    limits.refused = {Base64Of(size + 1), Base64Of(size + 2), Base64Of(size + 3)};
  }
  limits.refused.insert(limits.refused.end(), {"\"A\"", "\"AA*A\"", "7"});
  return limits;
}

LimitValues DateLimits() {
  return {Joined({"-719162", "2932896", "0", "-1"},
                 InQuotes({"0001-01-01", "9999-12-31", "2000-02-29", "1970/1/1", "1969-12-31"})),
          Joined({"-719163", "2932897", "9223372036854775807", "1.5"},
                 InQuotes({"0000-12-31", "10000-01-01", "1900-02-29", "2024-02-30", "2024-13-01",
                           "2024-00-10", "2024-01-00", ""}))};
}

LimitValues TimeLimits() {
  return {InQuotes({"00:00:00", "0:0:0", "00:00:00.000001", "23:59:59", "23:59:59.9", "23:59:59.999999",
                    "23:59", "0:0"}),
          Joined({"0", "103079215103"},
                 InQuotes({"24:00:00", "23:60:00", "23:59:60", "23:59:59.9999999", "24:00", "23", ""}))};
}

LimitValues DatetimeLimits() {
  // Packed ones of 1000-01-01 00:00:00, of 2024, and of the last microsecond; one less or more of a part of
  // them.
  return {
      Joined({"70373279663128576", "142439173919083028", "703674213004689983"},
             InQuotes({"0001-01-01 00:00:00", "0001-01-01", "0001/1/1T0:0", "9999-12-31T23:59:59.999999",
                       "2000-02-29t12:34:56.7", "9999-12-31"})),
      Joined({"0", "70355515405713983", "70368744177664000", "703674213004689984", "703691977262104576",
              "9223372036854775807", "9223372036854775808", "142439173919083028.0"},
             InQuotes({"0000-12-31 23:59:59.999999", "9999-12-31 24:00:00", "9999-12-31 23:59:60",
                       "9999-12-31 23:59:59.9999999", "10000-01-01 00:00:00", "1900-02-29 00:00:00", ""}))};
}

LimitValues TimestampLimits(bool picoseconds) {
  // Both ends in UTC and as the clocks of the outermost zones show them.
  Texts texts = {"0001-01-01 00:00:00",
                 "0001-01-01T00:00:00Z",
                 "0001-01-01 14:00:00+14:00",
                 "9999-12-31 23:59:59.999999 UTC",
                 "9999-12-31T09:59:59.999999-14",
                 "0001-01-01 05:30:00+5:30",
                 "1969-12-31 23:59:59.999999+00:00"};
  Texts beyond = {"0000-12-31 23:59:59.999999Z",
                  "0001-01-01 00:00:00+00:01",
                  "0001-01-01 13:59:59.999999+14:00",
                  "9999-12-31 10:00:00-14:00",
                  "9999-12-31 23:59:59.999999-00:01",
                  "10000-01-01 00:00:00Z",
                  "2024-02-29 24:00:00Z",
                  "2024-02-29 23:59:60Z",
                  "2023-02-29 00:00:00Z",
                  "2024-02-29 12:00:00+14:01",
                  ""};
  if (picoseconds) {
    for (const char* text : {"0001/1/1 0:0", "9999-12-31", "1709210096000000",
                             "0001-01-01 00:00:00.000000000000Z", "0001-01-01 00:00:00.000000000001Z",
                             "9999-12-31 23:59:59.999999999999Z", "1969-12-31 23:59:59.9999999+00"}) {
      texts.emplace_back(text);
    }
    for (const char* text :
         {"2024-02-29 12:34:56.1234567890123Z", "9999-12-31 23:59:59.999999999999-00:01"}) {
      beyond.emplace_back(text);
    }
    return {Joined({"0", "-1", "12.0", "-62135596800000000", "253402300799999999"}, InQuotes(texts)),
            Joined({"-62135596800000001", "253402300800000000", "1.5"}, InQuotes(beyond))};
  }
  for (const char* text : {"0001/1/1 0:0", "9999-12-31"}) texts.emplace_back(text);
  beyond.emplace_back("9999-12-31 23:59:59.9999999");
  return {Joined(Joined({"12.0", "-1.00"}, BothWays({"-62135596800000000", "253402300799999999", "0", "-1"})),
                 InQuotes(texts)),
          Joined(BothWays({"-62135596800000001", "253402300800000000", "9223372036854775808", "1.5"}),
                 InQuotes(beyond))};
}

LimitValues IntervalLimits() {
  return {InQuotes({"0-0 0 0:0:0", "10000-0 3660000 87840000:0:0", "-10000-0 -3660000 -87840000:0:0",
                    "9999-12 0 0:0:0", "+1-2 +3 +4:5:6.789", "0-0 0 87839999:59:59.999999", "-3660000 0:0:0",
                    "-0:0:0.000001", "P10000Y", "P-120000M", "P3660000D", "P-522857W-1D", "PT-87840000H",
                    "PT87839999H59M59.999999S", "P1Y2M3W4DT5H6M7.5S", "P1Y-14MT-0.000001S"}),
          Joined({"0"},
                 InQuotes({"10000-1 0 0:0:0", "-10000-1 0 0:0:0", "0-0 3660001 0:0:0", "0-0 -3660001 0:0:0",
                           "0-0 0 87840000:0:0.000001", "0-0 0 -87840000:0:0.000001", "0-0 0 0:0:0.0000001",
                           "P120001M", "P3660001D", "P522858W", "PT87840000H0.000001S", "P", "PT", ""}))};
}

LimitValues JsonLimits() {
  constexpr auto kDepth = static_cast<size_t>(values::kJsonDepthMax);
  const std::string deepest = Repeated("[", kDepth) + Repeated("]", kDepth);
  const std::string deepest_objects = Repeated("{\"a\":", kDepth - 1) + "{}" + Repeated("}", kDepth - 1);
  const std::string too_deep = "[" + deepest + "]";
  return {{deepest, Quoted(deepest), deepest_objects, "1.7976931348623157e308", "-0.0", "5e-324", "1E+5",
           "123456789012345678901234567890", "-9223372036854775808", "\"null\"", "\"\\\"\\\"\"",
           "{\"\":{\"\":[\"\\u0001\\\"\\\\\\b\\f\\n\\r\\t\"]}}", "[]", "[[],{},\"\",0,false,null]"},
          {too_deep, Quoted(too_deep), "\"\"", "\"{\"", "\"01\"", "\"NaN\"", "\"[1,]\"", "\"{a:1}\"",
           "\"1 2\"", "\"\\\"\""}};
}

LimitValues GeographyLimits() {
  constexpr auto kDepth = static_cast<size_t>(values::kGeographyDepthMax);
  return {Joined({R"({"type":"Point","coordinates":[-180,-90]})"},
                 InQuotes({"POINT(180 90)", "POINT(-180 -90)", "point empty", "GEOMETRYCOLLECTION EMPTY",
                           "MULTIPOINT(0 0, 1e-7 -1.5)", "MULTILINESTRING((0 0,1 1),(2 2,3 3))",
                           "POLYGON((0 0, 9 0, 9 9, 0 0),(1 1, 2 1, 2 2, 1 1))",
                           "MULTIPOLYGON(((0 0, 4 0, 4 4, 0 0)))",
                           Repeated("GEOMETRYCOLLECTION(", kDepth - 1) + "POINT(1 2)" +
                               Repeated(")", kDepth - 1)})),
          {}};
}

LimitValues RangeLimits(const Column& column) {
  const Column end{.name = "end", .type = *column.range_element_type};
  const bool is_date = end.type == ColumnType::kDate;
  const std::string least = is_date ? "0001-01-01" : "0001-01-01 00:00:00";
  const std::string second = is_date ? "0001-01-02" : "0001-01-01 00:00:00.000001";
  const std::string greatest = is_date ? "9999-12-31" : "9999-12-31 23:59:59.999999";
  const auto object = [](const std::string& start, const std::string& end_text) {
    return base::StrCat("{\"start\":", start, ",\"end\":", end_text, "}");
  };
  LimitValues limits;
  limits.taken = {"{}",
                  object("null", "null"),
                  object(Quoted(least), Quoted(greatest)),
                  object(Quoted(least), Quoted(second)),
                  object(Quoted(greatest), "null"),
                  object("null", Quoted(least)),
                  "{\"Start\":" + Quoted(least) + ",\"END\":" + Quoted(greatest) + "}",
                  "{\"end\":" + Quoted(least) + "}",
                  Quoted("[" + least + ", " + greatest + ")"),
                  Quoted("[UNBOUNDED, " + least + ")"),
                  Quoted("[" + greatest + ",null)"),
                  Quoted("[unbounded, NULL)")};
  limits.refused = {object(Quoted(greatest), Quoted(least)),
                    object(Quoted(least), Quoted(least)),
                    object(Quoted(second), Quoted(least)),
                    "{\"end\":" + Quoted(least) + ",\"start\":" + Quoted(second) + "}",
                    Quoted("[" + second + ", " + least + ")"),
                    Quoted("[" + least + ", " + least + ")")};
  for (const std::string& beyond : LimitValuesOf(end).refused) {
    limits.refused.push_back(object(beyond, "null"));
    limits.refused.push_back("{\"end\":" + beyond + "}");
  }
  return limits;
}

}  // namespace

LimitValues LimitValuesOf(const Column& column) {
  switch (column.type) {
    case ColumnType::kBool:
      return {{"true", "false", "\"TRUE\"", "\"false\""}, {"0", "1", "\"yes\"", "\"\""}};
    case ColumnType::kInt64:
      return Int64Limits();
    case ColumnType::kFloat64:
      return Float64Limits();
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      return DecimalLimits(column);
    case ColumnType::kString:
      return StringLimits(column);
    case ColumnType::kBytes:
      return BytesLimits(column);
    case ColumnType::kDate:
      return DateLimits();
    case ColumnType::kTime:
      return TimeLimits();
    case ColumnType::kDatetime:
      return DatetimeLimits();
    case ColumnType::kTimestamp:
      return TimestampLimits(column.picoseconds());
    case ColumnType::kInterval:
      return IntervalLimits();
    case ColumnType::kJson:
      return JsonLimits();
    case ColumnType::kGeography:
      return GeographyLimits();
    case ColumnType::kRange:
      return RangeLimits(column);
    case ColumnType::kStruct:
      break;
  }
  return {};
}

}  // namespace bqcdc::encode::testing
