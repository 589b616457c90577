#include <set>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/expression_walk.h"
#include "bqcdc/emulator/sql/analyzer/type_parameters.h"
#include "bqcdc/emulator/sql/parser/unparser.h"
#include "bqcdc/emulator/sql/statements/definition.h"
#include "bqcdc/emulator/sql/statements/stored_values.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

// Names of the functions that a default may call
// (https://cloud.google.com/bigquery/docs/default-values#supported_values).
const std::set<std::string>& DefaultFunctions() {
  static const std::set<std::string>* const names = new std::set<std::string>{
      "CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME", "CURRENT_TIMESTAMP", "GENERATE_UUID",
      "RAND",         "SESSION_USER",     "$interval",    "$interval_text",    "ST_GEOGPOINT"};
  return *names;
}

}  // namespace

absl::StatusOr<schema::Column> ColumnOfTypeName(Evaluation& evaluation, const TypeName& type,
                                                const std::string& name) {
  schema::Column column;
  column.name = name;
  if (type.collate) return Unsupported(type.position, "COLLATE");
  switch (type.kind) {
    case TypeNameKind::kArray: {
      if (type.element->kind == TypeNameKind::kArray) {
        return ErrorAt(type.position, "Arrays of arrays are not supported");
      }
      BQCDC_ASSIGN_OR_RETURN(column, ColumnOfTypeName(evaluation, *type.element, name));
      column.mode = schema::ColumnMode::kRepeated;
      return column;
    }
    case TypeNameKind::kStruct:
      column.type = schema::ColumnType::kStruct;
      for (const StructTypeField& field : type.fields) {
        if (!field.name) return ErrorAt(type.position, "A field of a STRUCT column needs a name");
        BQCDC_ASSIGN_OR_RETURN(schema::Column inner,
                               ColumnOfTypeName(evaluation, *field.type, field.name->text));
        if (field.attributes) {
          const ColumnAttributes& attributes = *field.attributes;
          if (attributes.default_value) return Unsupported(type.position, "DEFAULT of a STRUCT field");
          if (attributes.primary_key) return ErrorAt(type.position, "A STRUCT field cannot be a primary key");
          if (attributes.not_null && !inner.repeated()) inner.mode = schema::ColumnMode::kRequired;
          if (attributes.options) {
            BQCDC_ASSIGN_OR_RETURN(inner.description, ColumnDescription(evaluation, *attributes.options));
          }
        }
        column.fields.push_back(std::move(inner));
      }
      return column;
    case TypeNameKind::kRange: {
      BQCDC_ASSIGN_OR_RETURN(const schema::Column element, ColumnOfTypeName(evaluation, *type.element, ""));
      column.type = schema::ColumnType::kRange;
      column.range_element_type = element.type;
      return column;
    }
    case TypeNameKind::kSimple:
      break;
  }
  const std::string text = type.name.size() == 1 ? type.name[0].text : "";
  const std::optional<schema::ColumnType> found = schema::FindColumnType(text);
  if (!found || *found == schema::ColumnType::kStruct || *found == schema::ColumnType::kRange ||
      absl::AsciiStrToUpper(text) == "FLOAT") {
    return ErrorAt(type.position, "Type not found: ", text);
  }
  column.type = *found;
  BQCDC_RETURN_IF_ERROR(ApplyTypeParameters(type, column));
  return column;
}

absl::StatusOr<std::string> DefaultOf(Evaluation& evaluation, const Expression& expression,
                                      const schema::Column& column) {
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr value, evaluation.analyzer().AnalyzeConstant(expression));
  const Type type = TypeOfColumn(column);
  auto coerced = evaluation.analyzer().CoerceForAssignment(std::move(value), type, column.name);
  if (!coerced.ok()) {
    return ErrorAt(expression.position, "Default value of column ", column.name, " does not have type ",
                   type.ToString());
  }
  absl::Status status;
  WalkExpression(*coerced, [&](ResolvedExpressionPtr& node) {
    const bool call = node->kind == ResolvedKind::kCall;
    if (node->kind == ResolvedKind::kSubquery ||
        (call && !DefaultFunctions().contains(Resolved<ResolvedCall>(*node).signature->name))) {
      status = ErrorAt(expression.position, "Unsupported default value expression for column ", column.name);
    }
    return !status.ok();
  });
  BQCDC_RETURN_IF_ERROR(status);
  // A default that the type's parameters keep out would fail every row that needs it.
  BQCDC_ASSIGN_OR_RETURN(const std::string sql, evaluation.SqlOf(**coerced));
  BQCDC_ASSIGN_OR_RETURN(
      const std::vector<engine::Chunk> chunks,
      evaluation.Run(base::StrCat("SELECT CAST(", ConstrainSql(column, sql), " AS ", DuckDbType(type), ")")));
  schema::Column nullable = column;
  if (column.required()) nullable.mode = schema::ColumnMode::kNullable;
  for (const engine::Chunk& chunk : chunks) BQCDC_RETURN_IF_ERROR(CheckStored(chunk, 0, nullable));
  return Unparse(expression);
}

absl::Status RequireNotEnforced(bool enforced, const Position& position) {
  if (!enforced) return absl::OkStatus();
  return ErrorAt(position, "Enforced primary keys are not supported; use PRIMARY KEY ... NOT ENFORCED");
}

absl::StatusOr<schema::Column> ColumnOfDefinition(Evaluation& evaluation,
                                                  const ColumnDefinition& definition) {
  const ColumnAttributes& attributes = definition.attributes;
  if (!definition.type)
    return ErrorAt(definition.name.position, "Column ", definition.name.text, " needs a type");
  BQCDC_ASSIGN_OR_RETURN(schema::Column column,
                         ColumnOfTypeName(evaluation, *definition.type, definition.name.text));
  if (attributes.generated) return Unsupported(definition.name.position, "generated column");
  if (attributes.references) return Unsupported(attributes.references->position, "foreign key");
  if (attributes.not_null) {
    if (column.repeated()) {
      return ErrorAt(attributes.not_null_position, "NOT NULL cannot be given to an ARRAY column");
    }
    column.mode = schema::ColumnMode::kRequired;
  }
  if (attributes.primary_key) {
    BQCDC_RETURN_IF_ERROR(RequireNotEnforced(attributes.enforced, attributes.primary_key_position));
  }
  if (attributes.default_value) {
    BQCDC_ASSIGN_OR_RETURN(column.default_value_expression,
                           DefaultOf(evaluation, *attributes.default_value, column));
  }
  if (attributes.options) {
    BQCDC_ASSIGN_OR_RETURN(column.description, ColumnDescription(evaluation, *attributes.options));
  }
  return column;
}

}  // namespace bqcdc::emulator::sql
