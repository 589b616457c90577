// Casts, constructors, intervals and subqueries of the expression analysis.

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/type_parameters.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"
#include "bqcdc/schema/column_type.h"

namespace bqcdc::emulator::sql {
namespace {

// A value that has been given its type, in ARRAY<…>[…] or STRUCT<…>(…), follows no other as literals do.
void EndLiteralCoercion(ResolvedExpression& value) {
  if (value.kind == ResolvedKind::kLiteral) {
    static_cast<ResolvedLiteral&>(value).is_coercible = false;
  } else if (value.kind == ResolvedKind::kMakeStruct) {
    for (const auto& field : static_cast<ResolvedMakeStruct&>(value).fields) EndLiteralCoercion(*field);
  } else if (value.kind == ResolvedKind::kMakeArray) {
    for (const auto& element : static_cast<ResolvedMakeArray&>(value).elements) EndLiteralCoercion(*element);
  }
}

}  // namespace

ResolvedSubquery::ResolvedSubquery(ResolvedSubqueryMode m, Type t)
    : ResolvedExpression(ResolvedKind::kSubquery, std::move(t)), mode(m) {}
ResolvedSubquery::~ResolvedSubquery() = default;

absl::StatusOr<Type> Analyzer::ResolveType(const TypeName& name) {
  switch (name.kind) {
    case TypeNameKind::kArray: {
      BQCDC_ASSIGN_OR_RETURN(Type element, ResolveType(*name.element));
      if (element.is_array()) {
        return ErrorAt(name.position, "Arrays of arrays are not supported");
      }
      return Type::Array(std::move(element));
    }
    case TypeNameKind::kStruct: {
      std::vector<StructField> fields;
      for (const StructTypeField& field : name.fields) {
        BQCDC_ASSIGN_OR_RETURN(Type type, ResolveType(*field.type));
        fields.push_back({field.name ? field.name->text : "", std::move(type)});
      }
      return Type::Struct(std::move(fields));
    }
    case TypeNameKind::kRange: {
      BQCDC_ASSIGN_OR_RETURN(Type element, ResolveType(*name.element));
      if (!element.IsRangeElement()) {
        return ErrorAt(name.position, "RANGE element type must be DATE, DATETIME or TIMESTAMP, not ",
                       element.ToString());
      }
      return Type::Range(std::move(element));
    }
    case TypeNameKind::kSimple:
      break;
  }
  const std::string text = name.name.size() == 1 ? name.name[0].text : "";
  if (absl::AsciiStrToUpper(text) == "TIMESTAMP" && !name.parameters.empty()) {
    schema::Column column;
    column.type = schema::ColumnType::kTimestamp;
    BQCDC_RETURN_IF_ERROR(ApplyTypeParameters(name, column));
    return TypeOfColumn(column);
  }
  if (!name.parameters.empty()) {
    return Unsupported(name.position, "type ", text, " with parameters in this place");
  }
  if (name.collate) return Unsupported(name.position, "COLLATE");
  const std::optional<schema::ColumnType> type = schema::FindColumnType(text);
  if (!type || *type == schema::ColumnType::kStruct || *type == schema::ColumnType::kRange ||
      absl::AsciiStrToUpper(text) == "RECORD") {
    return ErrorAt(name.position, "Type not found: ", text);
  }
  static constexpr TypeKind kKinds[] = {
      TypeKind::kBool,      TypeKind::kInt64, TypeKind::kFloat64,  TypeKind::kNumeric,  TypeKind::kBigNumeric,
      TypeKind::kString,    TypeKind::kBytes, TypeKind::kDate,     TypeKind::kDatetime, TypeKind::kTime,
      TypeKind::kTimestamp, TypeKind::kJson,  TypeKind::kInterval, TypeKind::kGeography};
  return Type(kKinds[static_cast<int>(*type)]);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::MakeCast(ResolvedExpressionPtr operand, const Type& type,
                                                         bool safe, const Position& position) {
  const auto* literal =
      operand->kind == ResolvedKind::kLiteral ? static_cast<const ResolvedLiteral*>(operand.get()) : nullptr;
  if (literal != nullptr && literal->is_untyped) {
    return std::make_unique<ResolvedCast>(std::make_unique<ResolvedLiteral>(Value::Null(type)), type);
  }
  if (operand->type.is_array() && type.is_array() && !(operand->type == type)) {
    if (!CastExists(operand->type, type)) {
      return ErrorAt(position, "Invalid cast from ", operand->type.ToString(), " to ", type.ToString());
    }
    auto transform = std::make_unique<ResolvedTransformArray>(type);
    transform->element = NewColumn();
    auto element = std::make_unique<ResolvedColumn>(transform->element, operand->type.element());
    BQCDC_ASSIGN_OR_RETURN(transform->body, MakeCast(std::move(element), type.element(), safe, position));
    transform->array = std::move(operand);
    return transform;
  }
  if (!CastExists(operand->type, type)) {
    return ErrorAt(position, "Invalid cast from ", operand->type.ToString(), " to ", type.ToString());
  }
  if (safe && type.is(TypeKind::kRange)) {
    // An end that cannot be read must not become an open one.
    return Unsupported(position, "SAFE_CAST to ", type.ToString());
  }
  auto cast = std::make_unique<ResolvedCast>(std::move(operand), type);
  cast->safe = safe;
  cast->position = position;
  return cast;
}

// A value of the type without parameters becomes one that they let through.
absl::StatusOr<ResolvedExpressionPtr> Analyzer::Constrain(ResolvedExpressionPtr value, const TypeName& name,
                                                          bool safe) {
  schema::Column column;
  column.type = schema::FindColumnType(name.name[0].text).value_or(schema::ColumnType::kString);
  BQCDC_RETURN_IF_ERROR(ApplyTypeParameters(name, column));
  std::vector<ResolvedExpressionPtr> arguments;
  arguments.push_back(std::move(value));
  const auto add = [&](int64_t parameter) {
    arguments.push_back(std::make_unique<ResolvedLiteral>(Value::Int64(parameter)));
  };
  if (column.max_length) add(*column.max_length);
  if (column.precision) {
    add(*column.precision);
    add(column.scale.value_or(0));
  }
  if (arguments.size() == 1) return std::move(arguments[0]);  // STRING(MAX)
  return Call("$constrain", std::move(arguments), name.position, safe);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeCast(const CastExpression& cast, Context& context) {
  const std::string type_word =
      cast.type->name.size() == 1 ? absl::AsciiStrToUpper(cast.type->name[0].text) : std::string();
  if (cast.type->parameters.empty() || type_word == "TIMESTAMP")
    return AnalyzePlainCast(cast, *cast.type, context);
  TypeName plain;
  plain.position = cast.type->position;
  plain.name = cast.type->name;
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr value, AnalyzePlainCast(cast, plain, context));
  return Constrain(std::move(value), *cast.type, cast.safe);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzePlainCast(const CastExpression& cast,
                                                                 const TypeName& type_name,
                                                                 Context& context) {
  if (cast.format) return Unsupported(cast.format->position, "CAST with FORMAT");
  BQCDC_ASSIGN_OR_RETURN(const Type type, ResolveType(type_name));
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr operand, Analyze(*cast.operand, context));
  if (cast.time_zone) return Unsupported(cast.time_zone->position, "CAST with AT TIME ZONE");
  if (operand->kind == ResolvedKind::kLiteral) {
    auto& literal = static_cast<ResolvedLiteral&>(*operand);
    if (!literal.text.empty() && (type.is(TypeKind::kNumeric) || type.is(TypeKind::kBigNumeric))) {
      ExpressionResult coerced = Coerce(std::move(operand), type);
      if (!coerced.ok() && cast.safe) return std::make_unique<ResolvedLiteral>(Value::Null(type));
      BQCDC_ASSIGN_OR_RETURN(operand, std::move(coerced));
    }
  }
  if (operand->kind == ResolvedKind::kMakeArray &&
      static_cast<ResolvedMakeArray&>(*operand).elements.empty() && type.is_array()) {
    return std::make_unique<ResolvedMakeArray>(type);
  }
  if (!(operand->type == type)) {
    if (operand->type.is_array() && type.is_array()) {
      // https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast-as-array
      const ArgumentType argument = ArgumentOf(*operand);
      if (!argument.is_untyped && (!argument.is_literal || FindCoercion(argument, type) == Coercion::kNone)) {
        return ErrorAt(
            cast.position,
            "Casting between arrays with incompatible element types is not supported: Invalid cast "
            "from ",
            operand->type.ToString(), " to ", type.ToString());
      }
    }
    if (cast.safe && operand->type.is_struct() && type.is_struct()) {
      // One field that cannot be converted makes the whole value NULL.
      return Unsupported(cast.position, "SAFE_CAST between different STRUCT types");
    }
  }
  return MakeCast(std::move(operand), type, cast.safe, cast.position);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeExtract(const ExtractExpression& extract,
                                                               Context& context) {
  BQCDC_ASSIGN_OR_RETURN(const std::string part, PartName(extract.part.name, extract.part.weekday));
  std::vector<ResolvedExpressionPtr> operands(1);
  BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*extract.operand, context));
  ResolvedExpressionPtr zone;
  if (extract.time_zone) {
    BQCDC_ASSIGN_OR_RETURN(zone, Analyze(*extract.time_zone, context));
    if (!operands[0]->type.is(TypeKind::kTimestamp)) {
      return ErrorAt(extract.position, "EXTRACT from ", operands[0]->type.ToString(),
                     " does not support AT TIME ZONE");
    }
  }
  // DATE, TIME and DATETIME of a TIMESTAMP or DATETIME are conversions.
  if (part == "DATE" || part == "TIME" || part == "DATETIME") {
    if (!operands[0]->type.is(TypeKind::kTimestamp) && !operands[0]->type.is(TypeKind::kDatetime)) {
      return ErrorAt(extract.position, "EXTRACT from ", operands[0]->type.ToString(),
                     " does not support the ", part, " date part");
    }
    if (zone) operands.push_back(std::move(zone));
    return Call(part, std::move(operands), extract.position);
  }
  operands.push_back(std::make_unique<ResolvedLiteral>(Value::String(part)));
  if (zone) operands.push_back(std::move(zone));
  return Call("$extract", std::move(operands), extract.position);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeInterval(const IntervalExpression& interval,
                                                                Context& context) {
  BQCDC_ASSIGN_OR_RETURN(const std::string from, PartName(interval.from.name, std::nullopt));
  std::vector<ResolvedExpressionPtr> operands(1);
  BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*interval.value, context));
  operands.push_back(std::make_unique<ResolvedLiteral>(Value::String(from)));
  if (!interval.to) {
    if (operands[0]->type.is(TypeKind::kString)) {
      operands.push_back(std::make_unique<ResolvedLiteral>(Value::String("")));
      return Call("$interval_text", std::move(operands), interval.position);
    }
    return Call("$interval", std::move(operands), interval.position);
  }
  BQCDC_ASSIGN_OR_RETURN(const std::string to, PartName(interval.to->name, std::nullopt));
  operands.push_back(std::make_unique<ResolvedLiteral>(Value::String(to)));
  return Call("$interval_text", std::move(operands), interval.position);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeArray(const ArrayConstructor& array,
                                                             Context& context) {
  std::vector<ResolvedExpressionPtr> elements;
  BQCDC_RETURN_IF_ERROR(AnalyzeAll(array.elements, context, elements));
  Type element_type(TypeKind::kInt64);
  if (array.type) {
    BQCDC_ASSIGN_OR_RETURN(const Type type, ResolveType(*array.type));
    element_type = type.element();
  } else {
    BQCDC_ASSIGN_OR_RETURN(element_type, SupertypeOf(elements, "Array elements", array.position));
  }
  if (element_type.is_array()) {
    return ErrorAt(array.position, "Cannot construct array with element type ", element_type.ToString(),
                   " because nested arrays are not supported");
  }
  auto result = std::make_unique<ResolvedMakeArray>(Type::Array(element_type));
  result->is_untyped = !array.type && elements.empty();
  for (ResolvedExpressionPtr& element : elements) {
    const Position position = element->position;
    if (array.type && FindCoercion(ArgumentOf(*element), element_type) == Coercion::kNone) {
      return ErrorAt(position, "Array element type ", element->type.ToString(), " does not coerce to ",
                     element_type.ToString());
    }
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr coerced, Coerce(std::move(element), element_type));
    if (array.type) EndLiteralCoercion(*coerced);
    result->elements.push_back(std::move(coerced));
  }
  return result;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeStruct(const StructConstructor& constructor,
                                                              Context& context) {
  std::vector<ResolvedExpressionPtr> values;
  std::vector<StructField> fields;
  std::optional<Type> declared;
  if (constructor.form == StructForm::kTyped) {
    BQCDC_ASSIGN_OR_RETURN(declared, ResolveType(*constructor.type));
    if (declared->fields().size() != constructor.fields.size()) {
      return ErrorAt(constructor.position, "STRUCT type has ", declared->fields().size(),
                     " fields but constructor call has ", constructor.fields.size(), " fields");
    }
  }
  for (size_t i = 0; i < constructor.fields.size(); ++i) {
    const StructConstructorField& field = constructor.fields[i];
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr value, Analyze(*field.value, context));
    if (declared) {
      const Type& type = declared->fields()[i].type;
      if (FindCoercion(ArgumentOf(*value), type) == Coercion::kNone) {
        return ErrorAt(field.value->position, "Struct field ", i + 1, " has type ", value->type.ToString(),
                       " which does not coerce to ", type.ToString());
      }
      BQCDC_ASSIGN_OR_RETURN(value, Coerce(std::move(value), type));
      EndLiteralCoercion(*value);
    } else {
      std::string name;
      if (field.alias) {
        name = field.alias->text;
      } else if (constructor.form == StructForm::kKeyword) {
        if (const auto* path = TryAs<PathExpression>(*field.value)) name = path->names.back().text;
        if (const auto* access = TryAs<FieldAccess>(*field.value)) name = access->field.text;
      }
      fields.push_back({std::move(name), value->type});
    }
    values.push_back(std::move(value));
  }
  auto result = std::make_unique<ResolvedMakeStruct>(declared ? *declared : Type::Struct(std::move(fields)));
  result->fields = std::move(values);
  return result;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::ArrayOfRows(QueryResult query, const Position& position) {
  const Type type = query.outputs[0].type;
  if (type.is_array()) {
    return ErrorAt(position, "Cannot use array subquery with column of type ", type.ToString(),
                   " because nested arrays are not supported");
  }
  auto result = std::make_unique<ResolvedSubquery>(ResolvedSubqueryMode::kArray, Type::Array(type));
  result->query = std::move(query.scan);
  result->output = query.outputs[0].id;
  return result;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeSubquery(const SubqueryExpression& subquery,
                                                                Context& context) {
  BQCDC_ASSIGN_OR_RETURN(QueryResult query, AnalyzeQueryIn(*subquery.query, context.scope));
  if (subquery.mode == SubqueryMode::kExists) {
    auto result = std::make_unique<ResolvedSubquery>(ResolvedSubqueryMode::kExists, TypeKind::kBool);
    result->query = std::move(query.scan);
    return result;
  }
  if (query.outputs.size() != 1) {
    return ErrorAt(subquery.position,
                   subquery.mode == SubqueryMode::kArray ? "ARRAY subquery" : "Scalar subquery",
                   " cannot have more than one column unless using SELECT AS STRUCT to build STRUCT values");
  }
  if (subquery.mode == SubqueryMode::kArray) return ArrayOfRows(std::move(query), subquery.position);
  auto result = std::make_unique<ResolvedSubquery>(ResolvedSubqueryMode::kScalar, query.outputs[0].type);
  result->query = std::move(query.scan);
  result->output = query.outputs[0].id;
  return result;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeInSubquery(const InExpression& in, Context& context) {
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr operand, Analyze(*in.operand, context));
  BQCDC_ASSIGN_OR_RETURN(QueryResult query, AnalyzeQueryIn(*in.set.subquery, context.scope));
  if (query.outputs.size() != 1) {
    return ErrorAt(in.set.position, "Subquery of type IN must have only one output column");
  }
  const Type column_type = query.outputs[0].type;
  std::optional<Type> type = FindSupertype({ArgumentOf(*operand), {column_type}});
  if (!type || !type->SupportsEquality()) {
    return ErrorAt(in.position, "Cannot execute IN subquery with uncomparable types ",
                   operand->type.ToString(), " and ", column_type.ToString());
  }
  BQCDC_ASSIGN_OR_RETURN(operand, Coerce(std::move(operand), *type));
  auto result = std::make_unique<ResolvedSubquery>(ResolvedSubqueryMode::kIn, TypeKind::kBool);
  result->output = query.outputs[0].id;
  if (!(column_type == *type)) {
    auto project = std::make_unique<ProjectScan>();
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr converted,
                           Coerce(std::make_unique<ResolvedColumn>(result->output, column_type), *type));
    result->output = NewColumn();
    project->columns.push_back({result->output, *type});
    project->computed.push_back({result->output, std::move(converted)});
    project->input = std::move(query.scan);
    query.scan = std::move(project);
  }
  result->query = std::move(query.scan);
  result->operand = std::move(operand);
  return result;
}

}  // namespace bqcdc::emulator::sql
