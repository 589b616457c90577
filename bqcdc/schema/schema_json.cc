#include "bqcdc/schema/schema_json.h"

#include <charconv>
#include <string>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/schema/ascii_case.h"
#include "bqcdc/schema/column_name_rules.h"
#include "nlohmann/json.hpp"

namespace bqcdc::schema {
namespace {

using nlohmann::json;

// The member called `name`, nullptr where it is absent or null.
const json* Find(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

absl::StatusOr<std::string> ReadText(const json& object, const char* name, std::string_view path) {
  const json* value = Find(object, name);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return base::InvalidArgument("field ", path, ": \"", name, "\" must be text");
  return value->get<std::string>();
}

absl::StatusOr<std::optional<int64_t>> ReadInteger(const json& object, const char* name,
                                                   std::string_view path) {
  const json* value = Find(object, name);
  if (value == nullptr) return std::optional<int64_t>();
  if (value->is_number_integer()) return std::optional<int64_t>(value->get<int64_t>());
  if (value->is_string()) {
    const auto& text = value->get_ref<const std::string&>();
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return std::optional<int64_t>(number);
  }
  return base::InvalidArgument("field ", path, ": \"", name, "\" must be an integer");
}

absl::StatusOr<ColumnMode> ReadMode(const json& object, std::string_view path) {
  BQCDC_ASSIGN_OR_RETURN(const std::string mode, ReadText(object, "mode", path));
  if (mode.empty()) return ColumnMode::kNullable;
  for (const ColumnMode known : {ColumnMode::kNullable, ColumnMode::kRequired, ColumnMode::kRepeated}) {
    if (EqualsIgnoreCase(mode, ModeName(known))) return known;
  }
  return base::InvalidArgument("field ", path, ": unknown mode \"", mode, "\"");
}

absl::StatusOr<ColumnType> ReadType(const json& object, std::string_view path) {
  BQCDC_ASSIGN_OR_RETURN(const std::string name, ReadText(object, "type", path));
  const std::optional<ColumnType> type = FindColumnType(name);
  if (!type.has_value()) return base::InvalidArgument("field ", path, ": unknown type \"", name, "\"");
  return *type;
}

absl::StatusOr<std::vector<Column>> ReadFields(const json& fields, const std::string& prefix, int depth);

absl::Status ReadParameters(const json& object, std::string_view path, Column* column) {
  BQCDC_ASSIGN_OR_RETURN(column->max_length, ReadInteger(object, "maxLength", path));
  BQCDC_ASSIGN_OR_RETURN(column->precision, ReadInteger(object, "precision", path));
  BQCDC_ASSIGN_OR_RETURN(column->scale, ReadInteger(object, "scale", path));
  BQCDC_ASSIGN_OR_RETURN(column->timestamp_precision, ReadInteger(object, "timestampPrecision", path));
  if (column->timestamp_precision == 6) column->timestamp_precision.reset();  // The default.
  BQCDC_ASSIGN_OR_RETURN(column->default_value_expression, ReadText(object, "defaultValueExpression", path));
  BQCDC_ASSIGN_OR_RETURN(column->description, ReadText(object, "description", path));
  if (const json* element = Find(object, "rangeElementType"); element != nullptr) {
    if (!element->is_object())
      return base::InvalidArgument("field ", path, ": \"rangeElementType\" must be an object");
    BQCDC_ASSIGN_OR_RETURN(column->range_element_type, ReadType(*element, path));
  }
  return absl::OkStatus();
}

absl::StatusOr<Column> ReadField(const json& object, const std::string& prefix, int depth) {
  if (!object.is_object()) return base::InvalidArgument("a field of the schema is no JSON object");
  Column column;
  BQCDC_ASSIGN_OR_RETURN(column.name, ReadText(object, "name", prefix));
  if (column.name.empty()) {
    return base::InvalidArgument("a field", prefix.empty() ? "" : " of ", prefix, " has no name");
  }
  const std::string path = prefix.empty() ? column.name : base::StrCat(prefix, ".", column.name);
  BQCDC_ASSIGN_OR_RETURN(column.type, ReadType(object, path));
  BQCDC_ASSIGN_OR_RETURN(column.mode, ReadMode(object, path));
  BQCDC_RETURN_IF_ERROR(ReadParameters(object, path, &column));
  if (const json* fields = Find(object, "fields"); fields != nullptr) {
    BQCDC_ASSIGN_OR_RETURN(column.fields, ReadFields(*fields, path, depth + 1));
  }
  return column;
}

absl::StatusOr<std::vector<Column>> ReadFields(const json& fields, const std::string& prefix, int depth) {
  if (!fields.is_array()) return base::InvalidArgument("\"fields\" must be an array");
  if (depth > kStructDepthMax) {
    return base::InvalidArgument("field ", prefix, " is nested deeper than ", kStructDepthMax, " levels");
  }
  std::vector<Column> columns;
  columns.reserve(fields.size());
  for (const json& field : fields) {
    BQCDC_ASSIGN_OR_RETURN(Column column, ReadField(field, prefix, depth));
    columns.push_back(std::move(column));
  }
  return columns;
}

void WriteInteger(const std::optional<int64_t>& value, const char* name, json* object) {
  if (value.has_value()) (*object)[name] = std::to_string(*value);
}

json WriteField(const Column& column, NullableMode nullable) {
  json object = {{"name", column.name}, {"type", RestName(column.type)}};
  if (column.mode != ColumnMode::kNullable || nullable == NullableMode::kWritten) {
    object["mode"] = ModeName(column.mode);
  }
  WriteInteger(column.max_length, "maxLength", &object);
  WriteInteger(column.precision, "precision", &object);
  if (column.scale.value_or(0) != 0) WriteInteger(column.scale, "scale", &object);
  WriteInteger(column.timestamp_precision, "timestampPrecision", &object);
  if (column.range_element_type.has_value()) {
    object["rangeElementType"] = {{"type", RestName(*column.range_element_type)}};
  }
  if (!column.default_value_expression.empty())
    object["defaultValueExpression"] = column.default_value_expression;
  if (!column.description.empty()) object["description"] = column.description;
  if (!column.fields.empty()) object["fields"] = ColumnsToJson(column.fields, nullable);
  return object;
}

}  // namespace

absl::StatusOr<std::vector<Column>> ColumnsFromJson(const json& document) {
  const json* fields = document.is_object() ? Find(document, "fields") : &document;
  if (fields == nullptr) return base::InvalidArgument("the schema has no \"fields\"");
  BQCDC_ASSIGN_OR_RETURN(std::vector<Column> columns, ReadFields(*fields, "", 0));
  if (!columns.empty()) BQCDC_RETURN_IF_ERROR(ValidateColumns(columns));
  return columns;
}

absl::StatusOr<std::vector<Column>> ColumnsFromJsonText(std::string_view text) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return base::InvalidArgument("the schema is not JSON");
  return ColumnsFromJson(document);
}

absl::StatusOr<TableSchema> TableSchemaFromTableJson(const json& table) {
  if (!table.is_object()) return base::InvalidArgument("the table is no JSON object");
  TableSchema schema;
  if (const json* json_schema = Find(table, "schema"); json_schema != nullptr && !json_schema->empty()) {
    BQCDC_ASSIGN_OR_RETURN(schema.columns, ColumnsFromJson(*json_schema));
  }
  const json* constraints = Find(table, "tableConstraints");
  if (constraints == nullptr || !constraints->is_object()) return schema;
  const json* key = Find(*constraints, "primaryKey");
  if (key == nullptr || !key->is_object()) return schema;
  const json* names = Find(*key, "columns");
  if (names == nullptr) return schema;
  if (!names->is_array()) return base::InvalidArgument("\"primaryKey.columns\" must be an array");
  for (const json& name : *names) {
    if (!name.is_string()) return base::InvalidArgument("\"primaryKey.columns\" must hold names");
    schema.primary_key.push_back(name.get<std::string>());
  }
  return schema;
}

json ColumnsToJson(const std::vector<Column>& columns, NullableMode nullable) {
  json fields = json::array();
  for (const Column& column : columns) fields.push_back(WriteField(column, nullable));
  return fields;
}

json SchemaToJson(const std::vector<Column>& columns, NullableMode nullable) {
  return {{"fields", ColumnsToJson(columns, nullable)}};
}

}  // namespace bqcdc::schema
