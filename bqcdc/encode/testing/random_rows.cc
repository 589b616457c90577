#include "bqcdc/encode/testing/random_rows.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "bqcdc/schema/column_name_rules.h"

namespace bqcdc::encode::testing {
namespace {

using schema::ColumnType;

constexpr int kUsualDepthMax = 3;

// Names of the protobuf alphabet, among them those that the descriptor gives to messages and to the fields of
// other names; flexible ones; one in every length of UTF-8.
constexpr std::array<const char*, 16> kNameStems = {
    "id",  "Name",     "column_1x", "column_",   "Row",      "struct", "Range", "_9",
    "ÄÖ%", "name-列 ", "9 lives ",  "&<>#|=+:'", "a-b_c d%", "😀",      "-",     "ß ein längerer Name: "};

// Types that reference and fast encoder both take.
constexpr std::array kScalarTypes = {ColumnType::kBool,     ColumnType::kInt64,      ColumnType::kFloat64,
                                     ColumnType::kNumeric,  ColumnType::kBigNumeric, ColumnType::kString,
                                     ColumnType::kBytes,    ColumnType::kDate,       ColumnType::kDatetime,
                                     ColumnType::kTime,     ColumnType::kTimestamp,  ColumnType::kJson,
                                     ColumnType::kInterval, ColumnType::kGeography};

}  // namespace

schema::TableSchema RandomRows::Table() {
  schema::TableSchema table;
  depth_max_ = Below(16) == 0 ? schema::kStructDepthMax : kUsualDepthMax;
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
  column.name = ColumnName(ordinal);
  // In a deep table the first column of each level leads to the next one; most of its rows follow it.
  const bool leads_on = depth_max_ > kUsualDepthMax && ordinal == 0 && depth < depth_max_;
  const uint32_t mode = Below(8);
  column.mode = mode == 0                             ? schema::ColumnMode::kRepeated
                : mode == 1 || (leads_on && mode < 6) ? schema::ColumnMode::kRequired
                                                      : schema::ColumnMode::kNullable;
  const uint32_t kind = leads_on ? 0 : Below(10);
  if (kind == 0 && depth < depth_max_) {
    column.type = ColumnType::kStruct;
    const size_t count = 1 + Below(leads_on ? 3 : 5);
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

// Seldom one of as many characters as a name may have.
std::string RandomRows::ColumnName(size_t ordinal) {
  const std::string number = std::to_string(ordinal);
  if (Below(40) != 0) return kNameStems[Below(kNameStems.size())] + number;
  const char* const character = Below(2) == 0 ? "n" : "é";
  std::string name;
  for (size_t i = number.size(); i < schema::kColumnNameCharactersMax; ++i) name += character;
  return name + number;
}

void RandomRows::AddParameters(schema::Column* column) {
  switch (column->type) {
    case ColumnType::kString:
    case ColumnType::kBytes:
      column->max_length = Below(3) == 0 ? 10'000 : 1 + Below(20);
      return;
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric: {
      const bool is_numeric = column->type == ColumnType::kNumeric;
      const uint32_t scale = Below((is_numeric ? 9 : 38) + 1);
      const uint32_t precision_min = std::max(scale, 1u);
      column->precision = precision_min + Below((is_numeric ? 29 : 38) + scale - precision_min + 1);
      if (scale > 0 || Below(2) == 0) column->scale = scale;
      return;
    }
    case ColumnType::kTimestamp:
      column->timestamp_precision = Below(4) == 0 ? 6 : 12;
      return;
    default:
      return;
  }
}

std::optional<std::string> RandomRows::RefusedLine(const schema::TableSchema& table, KeyOrder order) {
  refusal_ = Refusal::kWanted;
  std::string line = Line(table, order);
  const bool placed = refusal_ == Refusal::kPlaced;
  refusal_ = Refusal::kNone;
  return placed ? std::optional(std::move(line)) : std::nullopt;
}

std::string RandomRows::Line(const schema::TableSchema& table, KeyOrder order) {
  std::vector<std::string> members;
  // What a DELETE does not need is not looked at.
  const bool is_delete = refusal_ == Refusal::kNone && Below(4) == 0;
  for (const schema::Column& column : table.columns) {
    const bool is_key = table.KeyPosition(column.name).has_value();
    if (is_key) {
      std::string value = "null";
      while (value == "null") value = Element(column, order);
      members.push_back(Name(column.name, order) + ":" + value);
      continue;
    }
    if (is_delete && Below(2) == 0) {
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
  return "\"" + written + "\"";
}

std::string RandomRows::Element(const schema::Column& column, KeyOrder order) {
  if (column.type == ColumnType::kStruct) return Object(column.fields, order);
  if (refusal_ == Refusal::kWanted && Below(4) == 0) {
    if (const std::optional<std::string> beyond = values_.Refused(column)) {
      refusal_ = Refusal::kPlaced;
      return *beyond;
    }
  }
  return values_.Taken(column);
}

}  // namespace bqcdc::encode::testing
