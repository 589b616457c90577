#include "bqcdc/encode/testing/random_rows.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "bqcdc/values/civil_time.h"

namespace bqcdc::encode::testing {
namespace {

using schema::ColumnType;

constexpr int kDepthMax = 3;
constexpr std::array<const char*, 6> kNameStems = {"id", "Name", "column_1x", "name-列 ", "_9", "ÄÖ%"};

// Types that reference and fast encoder both take; ends of a RANGE in order.
constexpr std::array kScalarTypes = {ColumnType::kBool,     ColumnType::kInt64,      ColumnType::kFloat64,
                                     ColumnType::kNumeric,  ColumnType::kBigNumeric, ColumnType::kString,
                                     ColumnType::kBytes,    ColumnType::kDate,       ColumnType::kDatetime,
                                     ColumnType::kTime,     ColumnType::kTimestamp,  ColumnType::kJson,
                                     ColumnType::kInterval, ColumnType::kGeography};

}  // namespace

schema::TableSchema RandomRows::Table() {
  schema::TableSchema table;
  const size_t count = 1 + Below(Below(10) == 0 ? 150 : 12);
  for (size_t i = 0; i < count; ++i) table.columns.push_back(Column(0, i));
  for (schema::Column& column : table.columns) {
    if (table.primary_key.size() < 3 && !column.repeated() && schema::IsKeyType(column.type)) {
      table.primary_key.push_back(column.name);
    }
  }
  if (table.primary_key.empty()) {
    table.columns.push_back(
        {.name = "the_key", .type = ColumnType::kInt64, .mode = schema::ColumnMode::kRequired});
    table.primary_key.push_back("the_key");
  }
  std::shuffle(table.primary_key.begin(), table.primary_key.end(), random_);
  return table;
}

schema::Column RandomRows::Column(int depth, size_t ordinal) {
  schema::Column column;
  column.name = kNameStems[Below(kNameStems.size())] + std::to_string(ordinal);
  const uint32_t mode = Below(8);
  column.mode = mode == 0   ? schema::ColumnMode::kRequired
                : mode == 1 ? schema::ColumnMode::kRepeated
                            : schema::ColumnMode::kNullable;
  const uint32_t kind = Below(10);
  if (kind == 0 && depth < kDepthMax) {
    column.type = ColumnType::kStruct;
    const size_t count = 1 + Below(5);
    for (size_t i = 0; i < count; ++i) column.fields.push_back(Column(depth + 1, i));
  } else if (kind == 1) {
    column.type = ColumnType::kRange;
    constexpr std::array kElements = {ColumnType::kDate, ColumnType::kDatetime, ColumnType::kTimestamp};
    column.range_element_type = kElements[Below(kElements.size())];
  } else {
    column.type = kScalarTypes[Below(kScalarTypes.size())];
    if (Below(3) == 0) AddParameters(&column);
  }
  return column;
}

// Parameters that let every value of Element() through.
void RandomRows::AddParameters(schema::Column* column) {
  switch (column->type) {
    case ColumnType::kString:
    case ColumnType::kBytes:
      column->max_length = 10'000;
      return;
    case ColumnType::kNumeric:
      column->precision = 38;
      column->scale = 9;
      return;
    case ColumnType::kBigNumeric:
      column->precision = 76;
      column->scale = 38;
      return;
    case ColumnType::kTimestamp:
      column->timestamp_precision = 12;
      return;
    default:
      return;
  }
}

std::string RandomRows::Line(const schema::TableSchema& table, KeyOrder order) {
  std::vector<std::string> members;
  const bool is_delete = Below(4) == 0;
  for (const schema::Column& column : table.columns) {
    const bool is_key = table.KeyPosition(column.name).has_value();
    if (is_key) {
      std::string value = "null";
      while (value == "null") value = Element(column, order);
      members.push_back(Name(column.name, order) + ":" + value);
      continue;
    }
    if (is_delete && Below(2) == 0) {
      // What a DELETE carries beside its key is not looked at.
      if (Below(2) == 0) members.push_back(Name(column.name, order) + ":{\"no\":[\"such\",{}]}");
      continue;
    }
    const std::string value = Value(column, order);
    if (!value.empty()) members.push_back(Name(column.name, order) + ":" + value);
  }
  members.push_back(Name("_CHANGE_TYPE", order) + ":" + (is_delete ? "\"DELETE\"" : "\"UPSERT\""));
  return Members(std::move(members), order);
}

// The value of a column; empty = left out.
std::string RandomRows::Value(const schema::Column& column, KeyOrder order) {
  if (column.mode == schema::ColumnMode::kRequired) return Element(column, order);
  switch (Below(8)) {
    case 0:
      return "";
    case 1:
      return "null";
    default:
      break;
  }
  if (!column.repeated()) return Element(column, order);
  std::string array = "[";
  for (uint32_t n = Below(5); n > 0; --n) {
    if (array.size() > 1) array += ",";
    array += Element(column, order);
  }
  return array + "]";
}

std::string RandomRows::Object(const std::vector<schema::Column>& columns, KeyOrder order) {
  std::vector<std::string> members;
  for (const schema::Column& column : columns) {
    const std::string value = Value(column, order);
    if (!value.empty()) members.push_back(Name(column.name, order) + ":" + value);
  }
  return Members(std::move(members), order);
}

std::string RandomRows::Members(std::vector<std::string> members, KeyOrder order) {
  if (order == KeyOrder::kShuffled) std::shuffle(members.begin(), members.end(), random_);
  std::string object = "{";
  for (const std::string& member : members) object += (object.size() > 1 ? "," : "") + member;
  return object + "}";
}

// Names in any case, sometimes with an escape.
std::string RandomRows::Name(const std::string& name, KeyOrder order) {
  std::string written = name;
  if (order == KeyOrder::kShuffled && Below(4) == 0) {
    for (char& c : written) {
      if (c >= 'a' && c <= 'z' && Below(2) == 0) c = static_cast<char>(c - 'a' + 'A');
    }
  }
  if (order == KeyOrder::kShuffled && Below(10) == 0 && static_cast<unsigned char>(written[0]) < 0x80) {
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", written[0]);
    written = escape + written.substr(1);
  }
  return Quoted(written);
}

std::string RandomRows::Element(const schema::Column& column, KeyOrder order) {
  switch (column.type) {
    case ColumnType::kBool: {
      constexpr std::array<const char*, 4> kTexts = {"true", "false", "\"TRUE\"", "\"False\""};
      return kTexts[Below(kTexts.size())];
    }
    case ColumnType::kInt64: {
      constexpr std::array<const char*, 4> kEdges = {"0", "-1", "9223372036854775807",
                                                     "-9223372036854775808"};
      if (Below(4) == 0) return MaybeQuoted(kEdges[Below(kEdges.size())]);
      return MaybeQuoted((Below(2) == 0 ? "-" : "") + Digits(18));
    }
    case ColumnType::kFloat64:
      return MaybeQuoted(Decimal(17, 20) + (Below(3) == 0 ? "e-" + std::to_string(Below(300)) : ""));
    case ColumnType::kNumeric:
      return MaybeQuoted(Decimal(28, 9 + Below(10)) + (Below(6) == 0 ? "E-3" : ""));
    case ColumnType::kBigNumeric:
      return MaybeQuoted(Decimal(38, 38 + Below(10)));
    case ColumnType::kString:
      return Below(8) == 0 ? Decimal(5, 5) : Quoted(Text());
    case ColumnType::kBytes:
      return Quoted(Base64());
    case ColumnType::kDate:
      return Below(4) == 0 ? std::to_string(static_cast<int>(Below(3'652'059)) + values::kDateMin)
                           : Quoted(Date());
    case ColumnType::kDatetime:
      return Quoted(Date() + (Below(2) == 0 ? "T" : " ") + Time());
    case ColumnType::kTime:
      return Quoted(Time());
    case ColumnType::kTimestamp: {
      if (column.picoseconds()) return Quoted("2024-02-29 12:34:56." + Digits(12) + "+05:30");
      if (Below(4) == 0) return "-" + Digits(16);
      constexpr std::array<const char*, 5> kZones = {"", "Z", " UTC", "+05:30", "-08:00"};
      // The years at both ends are left out: an offset would lead out of the range.
      std::string date = Date();
      if (date.substr(0, 4) == "0001" || date.substr(0, 4) == "9999") date.replace(0, 4, "2024");
      if (date.substr(4) == "-02-29") date.replace(8, 2, "28");
      return Quoted(date + (Below(2) == 0 ? "T" : " ") + Time() + kZones[Below(kZones.size())]);
    }
    case ColumnType::kJson: {
      const std::string json = Json(3);
      return json == "null" ? "[]" : json;
    }
    case ColumnType::kInterval:
      return Quoted(std::to_string(Below(100)) + "-" + std::to_string(Below(12)) + " -3 4:5:6.789");
    case ColumnType::kGeography:
      return Below(5) == 0 ? R"({"coordinates":[)" + Decimal(2, 8) + R"(,1],"type":"Point"})"
                           : Quoted(Geography());
    case ColumnType::kRange: {
      if (column.range_element_type != ColumnType::kDate) return Instants(column.range_element_type);
      switch (Below(4)) {
        case 0:
          return "{}";
        case 1:
          return "{\"end\":" + Quoted(Date()) + "}";
        case 2:
          return "{\"start\":-5,\"end\":null}";
        default:
          return "{\"start\":\"0001-01-01\",\"end\":" + std::to_string(Below(1000)) + "}";
      }
    }
    case ColumnType::kStruct:
      return Object(column.fields, order);
  }
  return "null";
}

// 1 to `count_max` digits without a leading zero.
std::string RandomRows::Digits(uint32_t count_max) {
  std::string digits(1, static_cast<char>('1' + Below(9)));
  for (uint32_t n = Below(count_max); n > 0; --n) digits += static_cast<char>('0' + Below(10));
  return digits;
}

std::string RandomRows::Decimal(uint32_t integer_digits_max, uint32_t fraction_digits_max) {
  std::string text = Below(2) == 0 ? "-" : "";
  text += Below(5) == 0 ? "0" : Digits(integer_digits_max);
  if (Below(4) == 0) return text == "-0" ? "0" : text;
  return text + "." + Digits(fraction_digits_max);
}

std::string RandomRows::Text() {
  constexpr std::array<const char*, 12> kPieces = {"a",   "Zz 9", "é", "列",      "\\\"",           "\\\\",
                                                   "\\n", "\\/",  "😀", "\\u00e9", "\\ud83d\\ude00", "{,:}[]"};
  std::string text;
  for (uint32_t n = Below(Below(20) == 0 ? 400 : 8); n > 0; --n) text += kPieces[Below(kPieces.size())];
  return text;
}

std::string RandomRows::Base64() {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (uint32_t n = Below(12); n > 0; --n) {
    for (int i = 0; i < 4; ++i) text += kDigits[Below(64)];
  }
  if (Below(3) == 0) text += "AA==";
  return Below(20) == 0 ? "AA\\/wAAAA" + text : text;
}

std::string RandomRows::Date() {
  return values::FormatDate(values::kDateMin + static_cast<int32_t>(Below(3'652'059)));
}

std::string RandomRows::Time() {
  const int64_t micros =
      static_cast<int64_t>(Below(86'400)) * values::kMicrosPerSecond + (Below(2) == 0 ? 0 : Below(1'000'000));
  return values::FormatTime(micros, values::FractionDigits::kShortest);
}

// A RANGE of DATETIME or TIMESTAMP.
std::string RandomRows::Instants(std::optional<schema::ColumnType> element) {
  const bool is_timestamp = element == ColumnType::kTimestamp;
  const std::string start = is_timestamp && Below(2) == 0 ? "-" + Digits(15) : Quoted("1066-10-14T" + Time());
  const std::string end = Quoted("2024-02-29 " + Time() + (is_timestamp ? "+05:30" : ""));
  switch (Below(4)) {
    case 0:
      return "{\"start\":" + start + "}";
    case 1:
      return "{\"start\":null,\"end\":" + end + "}";
    default:
      return "{\"start\":" + start + ",\"END\":" + end + "}";
  }
}

std::string RandomRows::Geography() {
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

std::string RandomRows::Json(int depth) {
  switch (Below(depth > 0 ? 7 : 5)) {
    case 0:
      return "null";
    case 1:
      return "false";
    case 2:
      return Decimal(25, 25);
    case 3:
      return "{}";
    case 4:
      return Quoted("[1,{\\\"a\\\":null}]");
    case 5:
      return "[" + Json(depth - 1) + "," + Json(depth - 1) + "]";
    default:
      return "{\"key\":" + Json(depth - 1) + ",\"ü\":\"x y\"}";
  }
}

}  // namespace bqcdc::encode::testing
