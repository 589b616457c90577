#include "bqcdc/emulator/handlers/query_parameters.h"

#include <string>

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/analyzer/limits.h"
#include "bqcdc/schema/column_name_rules.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;
using schema::Column;
using schema::ColumnMode;
using schema::ColumnType;

absl::Status InvalidParameter(const std::string& path, std::string_view problem) {
  return errors::WithLocation(errors::Invalid(base::StrCat("Query parameter ", path, " ", problem)),
                              "queryParameters");
}

absl::StatusOr<Column> ReadType(const json& type, const std::string& path, int depth);

absl::Status ReadArrayType(const json& type, const std::string& path, int depth, Column* column) {
  BQCDC_ASSIGN_OR_RETURN(const json* element, convert::ObjectField(type, "arrayType"));
  if (element == nullptr) return InvalidParameter(path, "is an ARRAY without arrayType");
  BQCDC_ASSIGN_OR_RETURN(*column, ReadType(*element, path, depth + 1));
  if (column->repeated()) return InvalidParameter(path, "is an ARRAY of ARRAYs, which there is not");
  column->mode = ColumnMode::kRepeated;
  return absl::OkStatus();
}

absl::Status ReadStructType(const json& type, const std::string& path, int depth, Column* column) {
  column->type = ColumnType::kStruct;
  BQCDC_ASSIGN_OR_RETURN(const json* fields, convert::ArrayField(type, "structTypes"));
  if (fields == nullptr) return InvalidParameter(path, "is a STRUCT without structTypes");
  for (const json& field : *fields) {
    BQCDC_ASSIGN_OR_RETURN(const auto name, convert::StringField(field, "name"));
    BQCDC_ASSIGN_OR_RETURN(const json* field_type, convert::ObjectField(field, "type"));
    const std::string field_path = base::StrCat(path, ".", name.value_or(""));
    if (field_type == nullptr) return InvalidParameter(field_path, "has no type");
    BQCDC_ASSIGN_OR_RETURN(Column child, ReadType(*field_type, field_path, depth + 1));
    child.name = name.value_or("");
    column->fields.push_back(std::move(child));
  }
  return absl::OkStatus();
}

absl::Status ReadRangeType(const json& type, const std::string& path, Column* column) {
  column->type = ColumnType::kRange;
  BQCDC_ASSIGN_OR_RETURN(const json* element, convert::ObjectField(type, "rangeElementType"));
  if (element == nullptr) return InvalidParameter(path, "is a RANGE without rangeElementType");
  BQCDC_ASSIGN_OR_RETURN(const auto name, convert::StringField(*element, "type"));
  column->range_element_type = schema::FindColumnType(name.value_or(""));
  if (!column->range_element_type) return InvalidParameter(path, "has an unknown rangeElementType");
  return absl::OkStatus();
}

absl::StatusOr<Column> ReadType(const json& type, const std::string& path, int depth) {
  if (depth > schema::kStructDepthMax) return InvalidParameter(path, "is nested too deep");
  BQCDC_ASSIGN_OR_RETURN(const auto name, convert::StringField(type, "type"));
  if (!name) return InvalidParameter(path, "has no type");
  Column column;
  if (*name == "ARRAY") {
    BQCDC_RETURN_IF_ERROR(ReadArrayType(type, path, depth, &column));
    return column;
  }
  const auto found = schema::FindColumnType(*name);
  if (!found) return InvalidParameter(path, base::StrCat("has an unknown type: ", *name));
  column.type = *found;
  if (column.type == ColumnType::kStruct) BQCDC_RETURN_IF_ERROR(ReadStructType(type, path, depth, &column));
  if (column.type == ColumnType::kRange) BQCDC_RETURN_IF_ERROR(ReadRangeType(type, path, &column));
  BQCDC_ASSIGN_OR_RETURN(const auto digits, convert::Int64Field(type, "timestampPrecision"));
  if (digits && (column.type != ColumnType::kTimestamp || (*digits != 6 && *digits != 12))) {
    return InvalidParameter(path, "has a timestampPrecision, which a TIMESTAMP alone may have: 6 or 12");
  }
  if (digits == 12) column.timestamp_precision = 12;
  return column;
}

// The service takes JSON numbers and booleans where it documents text.
absl::StatusOr<std::string> ScalarText(const json& value, const std::string& path) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return std::string(value.get<bool>() ? "true" : "false");
  if (value.is_number()) return value.dump();
  return InvalidParameter(path, "has a value that is no text");
}

absl::StatusOr<sql::ParameterValue> ReadValue(const json* value, const Column& type, const std::string& path);

absl::StatusOr<sql::ParameterValue> ReadArray(const json& value, const Column& type,
                                              const std::string& path) {
  sql::ParameterValue array;
  BQCDC_ASSIGN_OR_RETURN(const json* items, convert::ArrayField(value, "arrayValues"));
  // A parameter of an array type is never NULL: without values it is empty.
  if (items == nullptr) return array;
  Column element = type;
  element.mode = ColumnMode::kNullable;
  for (const json& item : *items) {
    BQCDC_ASSIGN_OR_RETURN(sql::ParameterValue child, ReadValue(&item, element, path + "[]"));
    array.children.push_back(std::move(child));
  }
  return array;
}

absl::StatusOr<sql::ParameterValue> ReadStruct(const json& value, const Column& type,
                                               const std::string& path) {
  sql::ParameterValue structure;
  BQCDC_ASSIGN_OR_RETURN(const json* fields, convert::ObjectField(value, "structValues"));
  if (fields == nullptr) {
    structure.is_null = true;
    return structure;
  }
  for (const auto& [name, unused] : fields->items()) {
    if (schema::FindColumnIn(type.fields, name) == nullptr) {
      return InvalidParameter(base::StrCat(path, ".", name), "has a value, but no type");
    }
  }
  for (const Column& field : type.fields) {
    BQCDC_ASSIGN_OR_RETURN(sql::ParameterValue child, ReadValue(convert::FindField(*fields, field.name),
                                                                field, base::StrCat(path, ".", field.name)));
    structure.children.push_back(std::move(child));
  }
  return structure;
}

// The two ends of a RANGE as children; a missing or null end is unbounded, thus NULL.
absl::StatusOr<sql::ParameterValue> ReadRange(const json& value, const Column& type,
                                              const std::string& path) {
  sql::ParameterValue range;
  BQCDC_ASSIGN_OR_RETURN(const json* ends, convert::ObjectField(value, "rangeValue"));
  range.is_null = ends == nullptr;
  if (range.is_null) return range;
  Column element;
  element.type = *type.range_element_type;
  for (const char* end : {"start", "end"}) {
    BQCDC_ASSIGN_OR_RETURN(sql::ParameterValue child,
                           ReadValue(convert::FindField(*ends, end), element, base::StrCat(path, ".", end)));
    range.children.push_back(std::move(child));
  }
  return range;
}

// The field of a parameterValue that holds a value of the type.
std::string_view ValueForm(const Column& type) {
  if (type.repeated()) return "arrayValues";
  if (type.type == ColumnType::kStruct) return "structValues";
  return type.type == ColumnType::kRange ? "rangeValue" : "value";
}

absl::StatusOr<sql::ParameterValue> ReadValue(const json* value, const Column& type,
                                              const std::string& path) {
  static const json kEmpty = json::object();
  if (value == nullptr) value = &kEmpty;
  if (!value->is_object()) return InvalidParameter(path, "has a parameterValue that is no object");
  const std::string_view form = ValueForm(type);
  for (const std::string_view other : {"value", "arrayValues", "structValues", "rangeValue"}) {
    if (other != form && convert::FindField(*value, std::string(other)) != nullptr) {
      return InvalidParameter(path,
                              base::StrCat("has ", other, ", but a value of its type stands in ", form));
    }
  }
  if (type.repeated()) return ReadArray(*value, type, path);
  if (type.type == ColumnType::kStruct) return ReadStruct(*value, type, path);
  if (type.type == ColumnType::kRange) return ReadRange(*value, type, path);
  sql::ParameterValue scalar;
  const json* text = convert::FindField(*value, "value");
  scalar.is_null = text == nullptr;
  if (text != nullptr) {
    BQCDC_ASSIGN_OR_RETURN(scalar.text, ScalarText(*text, path));
  }
  return scalar;
}

// Itself, and its elements and fields.
int64_t ValueCount(const sql::ParameterValue& value) {
  int64_t count = 1;
  for (const sql::ParameterValue& child : value.children) count += ValueCount(child);
  return count;
}

}  // namespace

absl::StatusOr<std::vector<sql::QueryParameter>> QueryParametersFromJson(const json& list) {
  std::vector<sql::QueryParameter> parameters;
  int64_t values = 0;
  for (const json& item : list) {
    sql::QueryParameter parameter;
    BQCDC_ASSIGN_OR_RETURN(const auto name, convert::StringField(item, "name"));
    parameter.name = name.value_or("");
    const std::string path =
        parameter.name.empty() ? base::StrCat("at position ", parameters.size() + 1) : "@" + parameter.name;
    BQCDC_ASSIGN_OR_RETURN(const json* type, convert::ObjectField(item, "parameterType"));
    if (type == nullptr) return InvalidParameter(path, "has no parameterType");
    for (const sql::QueryParameter& other : parameters) {
      if (!parameter.name.empty() && absl::EqualsIgnoreCase(other.name, parameter.name))
        return InvalidParameter(path, "is given twice");
    }
    BQCDC_ASSIGN_OR_RETURN(parameter.type, ReadType(*type, path, 0));
    parameter.type.name = parameter.name;
    BQCDC_ASSIGN_OR_RETURN(parameter.value,
                           ReadValue(convert::FindField(item, "parameterValue"), parameter.type, path));
    values += ValueCount(parameter.value);
    if (values > sql::kStatementExpressionsMax) {
      return InvalidParameter(path, base::StrCat("has too many elements: all parameters together may have ",
                                                 sql::kStatementExpressionsMax, " values"));
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

}  // namespace bqcdc::emulator::handlers
