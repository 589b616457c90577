// PIVOT: rows become columns, one aggregation over the input
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#pivot_operator). Each aggregate
// is computed once for each value, over NULL in place of the rows of other values; therefore only aggregates
// that leave NULL out.

#include <set>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/expression_walk.h"
#include "bqcdc/emulator/sql/analyzer/select_state.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::sql {

struct Analyzer::PivotState {
  const PivotClause& pivot;
  SelectState select;
  // Columns, or their fields, that the clause uses up; the others are grouped by.
  std::set<std::string> used;
  std::vector<NamedColumn> made;
};

namespace {

const std::set<std::string>& NullIgnoringAggregates() {
  static const std::set<std::string>* const names = new std::set<std::string>{
      "ANY_VALUE", "APPROX_COUNT_DISTINCT", "AVG",        "BIT_AND", "BIT_OR", "BIT_XOR",    "COUNT",
      "COUNTIF",   "LOGICAL_AND",           "LOGICAL_OR", "MAX",     "MIN",    "STRING_AGG", "SUM"};
  return *names;
}

// The name of a value's column where it has no alias, behind `prefix`; unset for types that need one here. A
// name that would begin with a digit gets an underscore.
// https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#rules_pivot_column
std::optional<std::string> ValueName(const Value& value, const std::string& prefix) {
  if (value.is_null) return prefix + "NULL";
  if (value.type.is(TypeKind::kBool)) return prefix + (std::get<bool>(value.scalar) ? "TRUE" : "FALSE");
  if (value.type.is(TypeKind::kString)) {
    const auto& text = std::get<std::string>(value.scalar);
    if (!text.empty()) return prefix + text;
    return prefix + (prefix.empty() ? "" : "_") + "empty_string_value";
  }
  const bool is_date = value.type.is(TypeKind::kDate);
  std::string text;
  if (is_date) {
    text = values::FormatDate(static_cast<int32_t>(std::get<int64_t>(value.scalar)));
  } else if (value.type.is(TypeKind::kInt64)) {
    text = base::StrCat(std::get<int64_t>(value.scalar));
  } else if (value.type.is(TypeKind::kNumeric)) {
    text = std::get<values::Numeric>(value.scalar).ToString();
  } else if (value.type.is(TypeKind::kBigNumeric)) {
    values::BigNumeric number;
    (void)values::BigNumeric::FromBlob(std::get<std::string>(value.scalar), &number);
    text = number.ToString();
  } else {
    return std::nullopt;
  }
  std::string name = prefix;
  for (const char c : text) {
    if (name.empty() && absl::ascii_isdigit(c)) name += "_";
    if (c == '-') {
      name += is_date ? "_" : "minus_";
    } else if (c == '.') {
      name += "_point_";
    } else {
      name += c;
    }
  }
  return name;
}

}  // namespace

absl::StatusOr<ResolvedExpressionPtr> Analyzer::PivotCondition(const PivotColumn& value, PivotState& state) {
  Context context;
  context.scope = &state.select.scope;
  context.clause = "PIVOT FOR clause";
  std::vector<ResolvedExpressionPtr> operands(2);
  BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*state.pivot.input, context));
  WalkExpression(operands[0], [&](ResolvedExpressionPtr& node) {
    const bool is_column = node->kind == ResolvedKind::kColumn || node->kind == ResolvedKind::kGetField;
    if (is_column) state.used.insert(Fingerprint(*node));
    return node->kind == ResolvedKind::kGetField;
  });
  BQCDC_ASSIGN_OR_RETURN(operands[1], AnalyzeConstant(*value.expression));
  return Call("$is_not_distinct_from", std::move(operands), value.expression->position);
}

absl::Status Analyzer::AddPivotColumn(const PivotColumn& aggregate, const PivotColumn& value,
                                      PivotState& state) {
  const auto* function = TryAs<FunctionCall>(*aggregate.expression);
  if (function == nullptr || function->name.size() != 1) {
    return ErrorAt(aggregate.expression->position, "PIVOT expression must be an aggregate function call");
  }
  const std::string name = absl::AsciiStrToUpper(function->name[0].text);
  if (!NullIgnoringAggregates().contains(name)) {
    return Unsupported(aggregate.expression->position, "function ", name, " in PIVOT");
  }
  Context context;
  context.scope = &state.select.scope;
  context.select = &state.select;
  context.allow_aggregates = true;
  context.clause = "PIVOT clause";
  BQCDC_ASSIGN_OR_RETURN(const ResolvedExpressionPtr analyzed, Analyze(*aggregate.expression, context));
  AggregateColumn& column = state.select.aggregates.back();
  ResolvedAggregateCall& call = *column.call;
  WalkAggregateCall(call, [&](ResolvedExpressionPtr& node) {
    const bool is_column = node->kind == ResolvedKind::kColumn || node->kind == ResolvedKind::kGetField;
    if (is_column) state.used.insert(Fingerprint(*node));
    return node->kind == ResolvedKind::kGetField;
  });
  if (call.arguments.empty()) {
    // COUNT(*)
    std::vector<ResolvedExpressionPtr> arguments(1);
    BQCDC_ASSIGN_OR_RETURN(arguments[0], PivotCondition(value, state));
    BQCDC_ASSIGN_OR_RETURN(const Match match, MatchSignature("COUNTIF", arguments, call.position));
    call.signature = match.signature;
    call.arguments = std::move(arguments);
  } else {
    // A second argument is of the rows, too, in ANY_VALUE(x HAVING MAX y) only.
    const size_t of_rows = name == "ANY_VALUE" ? call.arguments.size() : 1;
    for (size_t i = 0; i < of_rows; ++i) {
      ResolvedExpressionPtr& argument = call.arguments[i];
      const Type type = argument->type;
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr condition, PivotCondition(value, state));
      auto chosen = std::make_unique<ResolvedCase>(type);
      chosen->branches.push_back({std::move(condition), std::move(argument)});
      chosen->otherwise = std::make_unique<ResolvedLiteral>(Value::Null(type));
      argument = std::move(chosen);
    }
  }
  const std::string prefix = aggregate.alias ? aggregate.alias->text + "_" : "";
  std::string column_name;
  if (value.alias) {
    column_name = prefix + value.alias->text;
  } else {
    BQCDC_ASSIGN_OR_RETURN(const ResolvedExpressionPtr constant, AnalyzeConstant(*value.expression));
    const std::optional<std::string> known =
        constant->kind == ResolvedKind::kLiteral
            ? ValueName(Resolved<ResolvedLiteral>(*constant).value, prefix)
            : std::nullopt;
    if (!known) {
      return Unsupported(value.expression->position, "PIVOT value of type ", constant->type.ToString(),
                         " without an alias");
    }
    column_name = *known;
  }
  state.made.push_back({std::move(column_name), column.id, call.type});
  return absl::OkStatus();
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzePivot(const PivotClause& pivot, FromResult input,
                                                            const Scope* outer) {
  PivotState state{pivot, {}, {}, {}};
  state.select.names = std::move(input.names);
  state.select.scope = Scope{&state.select.names, outer};
  if (pivot.aggregates.size() > 1) {
    for (const PivotColumn& aggregate : pivot.aggregates) {
      if (aggregate.alias) continue;
      return ErrorAt(aggregate.expression->position,
                     "PIVOT expressions must have an alias where there is more than one");
    }
  }
  for (const PivotColumn& value : pivot.values) {
    for (const PivotColumn& aggregate : pivot.aggregates) {
      BQCDC_RETURN_IF_ERROR(AddPivotColumn(aggregate, value, state));
    }
  }
  FromResult result;
  auto scan = std::make_unique<AggregateScan>();
  for (const NamedColumn& column : state.select.names.columns) {
    ResolvedExpressionPtr reference = column.Reference();
    if (column.hidden || state.used.contains(Fingerprint(*reference))) continue;
    if (!reference->type.SupportsGrouping()) {
      return ErrorAt(pivot.position, "Column ", column.name, " of type ", reference->type.ToString(),
                     " cannot be used as an implicit grouping column of a PIVOT clause");
    }
    const ColumnId id = NewColumn();
    scan->columns.push_back({id, reference->type});
    result.names.columns.push_back({column.name, id, reference->type});
    scan->groups.push_back({id, std::move(reference)});
  }
  for (const NamedColumn& made : state.made) {
    scan->columns.push_back({made.id, made.type});
    result.names.columns.push_back(made);
  }
  scan->aggregates = std::move(state.select.aggregates);
  scan->input = std::move(input.scan);
  result.scan = std::move(scan);
  if (pivot.alias) AddVariable(result.names, pivot.alias->text);
  return result;
}

}  // namespace bqcdc::emulator::sql
