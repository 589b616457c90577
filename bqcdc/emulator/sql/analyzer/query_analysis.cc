#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/partition_filter.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<ResolvedQuery> Analyzer::AnalyzeQuery(const Query& query, OutputNames names) {
  BQCDC_ASSIGN_OR_RETURN(ResolvedQuery resolved, AnalyzeViewText(query, names));
  BQCDC_RETURN_IF_ERROR(CheckPartitionFilters(resolved));
  return resolved;
}

absl::StatusOr<ResolvedQuery> Analyzer::AnalyzeViewText(const Query& query, OutputNames names) {
  BQCDC_ASSIGN_OR_RETURN(QueryResult result, AnalyzeQueryIn(query, nullptr));
  ResolvedQuery resolved;
  // A value table of STRUCTs is shown as its fields.
  if (result.is_value_table && result.outputs.size() == 1 && result.outputs[0].type.is_struct()) {
    const OutputColumn row = result.outputs[0];
    auto project = std::make_unique<ProjectScan>();
    result.outputs.clear();
    for (size_t i = 0; i < row.type.fields().size(); ++i) {
      const ColumnId id = NewColumn();
      const Type& type = row.type.fields()[i].type;
      project->columns.push_back({id, type});
      project->computed.push_back(
          {id, std::make_unique<ResolvedGetField>(std::make_unique<ResolvedColumn>(row.id, row.type),
                                                  static_cast<int>(i))});
      result.outputs.push_back({row.type.fields()[i].name, id, type});
    }
    project->input = std::move(result.scan);
    result.scan = std::move(project);
  }
  std::set<std::string> known;
  int anonymous = 0;
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    OutputColumn& output = result.outputs[i];
    if (output.name.empty()) {
      output.name = base::StrCat("f", anonymous++, "_");
      if (!resolved.first_unnamed) resolved.first_unnamed = i + 1;
    }
    const bool is_new = known.insert(absl::AsciiStrToLower(output.name)).second;
    if (!is_new && names == OutputNames::kDistinct) {
      return errors::InvalidQuery(base::StrCat(
          "Duplicate column names in the result are not supported. Found duplicate(s): ", output.name));
    }
  }
  resolved.scan = std::move(result.scan);
  resolved.outputs = std::move(result.outputs);
  return resolved;
}

absl::Status Analyzer::AnalyzeWith(const Query& query, const Scope* outer,
                                   std::vector<WithScan::Entry>& entries) {
  std::set<std::string> names;
  for (const sql::WithEntry& entry : query.with) {
    const std::string name = absl::AsciiStrToLower(entry.name.text);
    if (!names.insert(name).second) {
      return ErrorAt(entry.name.position, "Duplicate alias ", entry.name.text, " for WITH subquery");
    }
    WithEntry known;
    known.unique_name = base::StrCat("w", next_with_++);
    WithScan::Entry made;
    const SetOperation* recursive = query.recursive ? RecursiveUnion(*entry.query) : nullptr;
    BQCDC_ASSIGN_OR_RETURN(QueryResult result,
                           recursive != nullptr
                               ? AnalyzeRecursive(name, *recursive, outer, known, made.recursion)
                               : AnalyzeQueryIn(*entry.query, outer));
    known.outputs = result.outputs;
    known.is_value_table = result.is_value_table;
    made.name = known.unique_name;
    made.scan = std::move(result.scan);
    for (const OutputColumn& output : result.outputs) made.outputs.push_back({output.id, output.type});
    entries.push_back(std::move(made));
    with_.emplace_back(name, std::move(known));
  }
  return absl::OkStatus();
}

absl::StatusOr<Analyzer::QueryResult> Analyzer::AnalyzeQueryIn(const Query& query, const Scope* outer) {
  if (++depth_ > kAnalysisDepthMax) return ErrorAt(query.position, "Query is too deeply nested");
  const size_t with_before = with_.size();
  const auto analyze = [&]() -> absl::StatusOr<QueryResult> {
    std::vector<WithScan::Entry> entries;
    BQCDC_RETURN_IF_ERROR(AnalyzeWith(query, outer, entries));
    BQCDC_ASSIGN_OR_RETURN(QueryResult result, AnalyzeBody(*query.body, &query, outer));
    BQCDC_RETURN_IF_ERROR(ApplyLimit(query, result));
    if (!entries.empty()) {
      auto with = std::make_unique<WithScan>();
      with->columns = result.scan->columns;
      with->entries = std::move(entries);
      with->body = std::move(result.scan);
      result.scan = std::move(with);
    }
    return result;
  };
  absl::StatusOr<QueryResult> result = analyze();
  with_.resize(with_before);
  --depth_;
  return result;
}

absl::StatusOr<Analyzer::QueryResult> Analyzer::AnalyzeBody(const QueryExpression& body, const Query* owner,
                                                            const Scope* outer) {
  switch (body.kind) {
    case QueryExpressionKind::kSelect:
      return AnalyzeSelect(As<Select>(body), owner, outer);
    case QueryExpressionKind::kSetOperation: {
      BQCDC_ASSIGN_OR_RETURN(QueryResult result, AnalyzeSetOperation(As<SetOperation>(body), outer));
      if (owner != nullptr) BQCDC_RETURN_IF_ERROR(SortByOutputs(owner->order_by, result, outer));
      return result;
    }
    case QueryExpressionKind::kNested: {
      BQCDC_ASSIGN_OR_RETURN(QueryResult result, AnalyzeQueryIn(*As<NestedQuery>(body).query, outer));
      if (owner != nullptr) BQCDC_RETURN_IF_ERROR(SortByOutputs(owner->order_by, result, outer));
      return result;
    }
  }
  return Unsupported(body.position, "this query");
}

absl::Status Analyzer::SortByOutputs(const std::vector<OrderByItem>& order_by, QueryResult& result,
                                     const Scope* outer) {
  if (order_by.empty()) return absl::OkStatus();
  NameList names;
  for (const OutputColumn& output : result.outputs)
    names.columns.push_back({output.name, output.id, output.type});
  const Scope scope{&names, outer};
  auto project = std::make_unique<ProjectScan>();
  project->columns = result.scan->columns;
  auto sort = std::make_unique<SortScan>();
  for (const OrderByItem& item : order_by) {
    if (item.collate) return Unsupported(item.position, "COLLATE");
    SortItem key;
    key.descending = item.descending;
    key.nulls_first =
        item.nulls == NullOrder::kUnspecified ? !item.descending : item.nulls == NullOrder::kFirst;
    Type type;
    if (const auto* ordinal = TryAs<IntLiteral>(*item.expression)) {
      const int64_t number = std::atoll(ordinal->text.c_str());
      if (number < 1 || number > static_cast<int64_t>(result.outputs.size())) {
        return ErrorAt(item.expression->position, "ORDER BY column number ", number,
                       " is out of range; SELECT list has ", result.outputs.size(), " columns");
      }
      key.id = result.outputs[number - 1].id;
      type = result.outputs[number - 1].type;
    } else {
      Context context;
      context.scope = &scope;
      context.clause = "ORDER BY clause after set operation";
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr expression, Analyze(*item.expression, context));
      type = expression->type;
      key.id = NewColumn();
      project->columns.push_back({key.id, type});
      project->computed.push_back({key.id, std::move(expression)});
    }
    if (!type.SupportsOrdering()) {
      return ErrorAt(item.expression->position, "ORDER BY does not support expressions of type ",
                     type.ToString());
    }
    sort->items.push_back(key);
  }
  sort->columns = project->columns;
  project->input = std::move(result.scan);
  sort->input = std::move(project);
  result.scan = std::move(sort);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Analyzer::LimitValue(const Expression& expression, std::string_view clause) {
  BQCDC_ASSIGN_OR_RETURN(const ResolvedExpressionPtr value, AnalyzeConstant(expression));
  if (value->kind != ResolvedKind::kLiteral || !value->type.is(TypeKind::kInt64)) {
    return ErrorAt(expression.position, clause, " expects an integer literal or parameter");
  }
  const Value& number = Resolved<ResolvedLiteral>(*value).value;
  if (number.is_null || std::get<int64_t>(number.scalar) < 0) {
    return ErrorAt(expression.position, clause, " expects a non-negative integer literal or parameter");
  }
  return std::get<int64_t>(number.scalar);
}

absl::Status Analyzer::ApplyLimit(const Query& query, QueryResult& result) {
  if (!query.limit) return absl::OkStatus();
  auto limit = std::make_unique<LimitScan>();
  BQCDC_ASSIGN_OR_RETURN(limit->limit, LimitValue(*query.limit, "LIMIT"));
  if (query.offset) {
    BQCDC_ASSIGN_OR_RETURN(limit->offset, LimitValue(*query.offset, "OFFSET"));
  }
  limit->columns = result.scan->columns;
  limit->input = std::move(result.scan);
  result.scan = std::move(limit);
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::sql
