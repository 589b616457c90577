#include "bqcdc/schema/table_schema.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/schema/ascii_case.h"
#include "bqcdc/schema/reserved_keywords.h"

namespace bqcdc::schema {

std::string_view ModeName(ColumnMode mode) {
  switch (mode) {
    case ColumnMode::kNullable:
      return "NULLABLE";
    case ColumnMode::kRequired:
      return "REQUIRED";
    case ColumnMode::kRepeated:
      return "REPEATED";
  }
  return "NULLABLE";
}

const Column* FindColumnIn(const std::vector<Column>& columns, std::string_view name) {
  for (const Column& column : columns) {
    if (EqualsIgnoreCase(column.name, name)) return &column;
  }
  return nullptr;
}

const Column* TableSchema::FindColumn(std::string_view name) const { return FindColumnIn(columns, name); }

std::optional<size_t> TableSchema::FindColumnIndex(std::string_view name) const {
  const Column* column = FindColumn(name);
  if (column == nullptr) return std::nullopt;
  return static_cast<size_t>(column - columns.data());
}

std::optional<size_t> TableSchema::KeyPosition(std::string_view name) const {
  for (size_t i = 0; i < primary_key.size(); ++i) {
    if (EqualsIgnoreCase(primary_key[i], name)) return i;
  }
  return std::nullopt;
}

namespace {

std::string SqlStruct(const Column& column) {
  std::string text = "STRUCT<";
  for (size_t i = 0; i < column.fields.size(); ++i) {
    const Column& field = column.fields[i];
    const std::string_view quote = NeedsBackquotes(field.name) ? "`" : "";
    base::StrAppend(&text, i == 0 ? "" : ", ", quote, field.name, quote, " ", SqlType(field));
  }
  return text + ">";
}

std::string SqlScalar(const Column& column) {
  std::string text(SqlName(column.type));
  if (column.type == ColumnType::kRange && column.range_element_type.has_value()) {
    base::StrAppend(&text, "<", SqlName(*column.range_element_type), ">");
  } else if (column.max_length.has_value()) {
    base::StrAppend(&text, "(", *column.max_length, ")");
  } else if (column.timestamp_precision.has_value()) {
    base::StrAppend(&text, "(", *column.timestamp_precision, ")");
  } else if (column.precision.has_value()) {
    base::StrAppend(&text, "(", *column.precision);
    if (column.scale.value_or(0) != 0) base::StrAppend(&text, ", ", *column.scale);
    text += ")";
  }
  return text;
}

}  // namespace

const std::vector<Column>& PartsOf(const Column& column) {
  if (column.type != ColumnType::kRange) return column.fields;
  const auto ends = [](ColumnType element) {
    return new std::vector<Column>{{.name = "start", .type = element}, {.name = "end", .type = element}};
  };
  static const std::vector<Column>* const dates = ends(ColumnType::kDate);
  static const std::vector<Column>* const datetimes = ends(ColumnType::kDatetime);
  static const std::vector<Column>* const timestamps = ends(ColumnType::kTimestamp);
  switch (column.range_element_type.value_or(ColumnType::kDate)) {
    case ColumnType::kDatetime:
      return *datetimes;
    case ColumnType::kTimestamp:
      return *timestamps;
    default:
      return *dates;
  }
}

std::string SqlType(const Column& column, bool element) {
  const std::string type = column.type == ColumnType::kStruct ? SqlStruct(column) : SqlScalar(column);
  return column.repeated() && !element ? base::StrCat("ARRAY<", type, ">") : type;
}

}  // namespace bqcdc::schema
