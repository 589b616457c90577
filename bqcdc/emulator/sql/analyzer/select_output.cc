// The upper half of a SELECT: windows, projection, DISTINCT, ORDER BY.

#include <map>
#include <set>
#include <string>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/expression_walk.h"
#include "bqcdc/emulator/sql/analyzer/select_state.h"
#include "bqcdc/emulator/sql/functions/function_table.h"

namespace bqcdc::emulator::sql {

// DuckDB takes an aggregate of columns that are all from outside for one of the query outside, and makes one
// of two equal aggregates also where each call of RAND is another. As columns of the input such arguments are
// neither.
void Analyzer::ComputeBelow(std::vector<AggregateColumn>& calls, ResolvedScanPtr& input) {
  std::set<ColumnId> own;
  for (const ScanColumn& column : input->columns) own.insert(column.id);
  auto project = std::make_unique<ProjectScan>();
  std::map<std::string, ColumnId> known;
  const auto compute = [&](ResolvedExpressionPtr& expression) {
    bool outer = false, is_volatile = false;
    WalkExpression(expression, [&](ResolvedExpressionPtr& node) {
      if (node->kind == ResolvedKind::kColumn) outer |= !own.contains(Resolved<ResolvedColumn>(*node).id);
      if (node->kind == ResolvedKind::kCall)
        is_volatile |= IsVolatile(*Resolved<ResolvedCall>(*node).signature);
      return false;
    });
    if (!outer && !is_volatile) return;
    const Type type = expression->type;
    ColumnId made = 0;
    ColumnId& id = is_volatile ? made : known[Fingerprint(*expression)];
    if (id == 0) {
      id = NewColumn();
      project->computed.push_back({id, std::move(expression)});
    }
    expression = std::make_unique<ResolvedColumn>(id, type);
  };
  for (AggregateColumn& column : calls) {
    for (ResolvedExpressionPtr& argument : column.call->arguments) compute(argument);
    for (ResolvedOrderItem& item : column.call->order_by) compute(item.expression);
  }
  if (project->computed.empty()) return;
  project->columns = input->columns;
  for (const ComputedColumn& column : project->computed) {
    project->columns.push_back({column.id, column.expression->type});
  }
  project->input = std::move(input);
  input = std::move(project);
}

ColumnId Analyzer::Compute(ResolvedExpressionPtr expression, ProjectScan& project) {
  const ColumnId id = NewColumn();
  project.columns.push_back({id, expression->type});
  project.computed.push_back({id, std::move(expression)});
  return id;
}

absl::StatusOr<Analyzer::QueryResult> Analyzer::FinishSelect(const Select& select, const Query* owner,
                                                             SelectState& state) {
  if (state.having) state.scan = Filter(std::move(state.scan), std::move(state.having));
  if (!state.windows.empty()) {
    ComputeBelow(state.windows, state.scan);
    auto windows = std::make_unique<WindowScan>();
    windows->columns = state.scan->columns;
    for (const AggregateColumn& call : state.windows) windows->columns.push_back({call.id, call.call->type});
    windows->input = std::move(state.scan);
    windows->calls = std::move(state.windows);
    state.scan = std::move(windows);
  }
  if (state.qualify) state.scan = Filter(std::move(state.scan), std::move(state.qualify));

  QueryResult result;
  auto project = std::make_unique<ProjectScan>();
  for (SelectItemState& item : state.items) {
    const Type type = item.resolved->type;
    if (select.distinct && !type.SupportsGrouping()) {
      return ErrorAt(select.position, "Column ", item.name, " of type ", type.ToString(),
                     " cannot be used in SELECT DISTINCT");
    }
    project->columns.push_back({item.output, type});
    project->computed.push_back({item.output, std::move(item.resolved)});
    result.outputs.push_back({item.name, item.output, type});
  }
  for (SelectState::OrderKey& key : state.order_keys) {
    if (key.item >= 0) key.id = state.items[key.item].output;
    if (key.id != 0 || select.distinct) continue;
    const std::string fingerprint = Fingerprint(*key.expression);
    for (const SelectItemState& item : state.items) {
      if (item.fingerprint == fingerprint) key.id = item.output;
    }
    // After aggregation the SELECT list is known by what replaced it.
    for (const ComputedColumn& computed : project->computed) {
      if (key.id == 0 && Fingerprint(*computed.expression) == fingerprint) key.id = computed.id;
    }
    if (key.id == 0) key.id = Compute(std::move(key.expression), *project);
  }
  project->input = std::move(state.scan);
  result.scan = std::move(project);

  if (select.distinct) {
    auto distinct = std::make_unique<DistinctScan>();
    distinct->columns = result.scan->columns;
    distinct->input = std::move(result.scan);
    auto keys = std::make_unique<ProjectScan>();
    keys->columns = distinct->columns;
    keys->input = std::move(distinct);
    for (SelectState::OrderKey& key : state.order_keys) {
      if (key.id == 0) key.id = Compute(std::move(key.expression), *keys);
    }
    result.scan = keys->computed.empty() ? std::move(keys->input) : std::move(keys);
  }

  if (select.as == SelectAs::kTypeName) return Unsupported(select.position, "SELECT AS type");
  if (select.as == SelectAs::kValue && result.outputs.size() != 1) {
    return ErrorAt(select.position, "SELECT AS VALUE query must have exactly one column");
  }
  if (select.as != SelectAs::kNone) result.is_value_table = true;
  if (select.as == SelectAs::kStruct) {
    std::vector<StructField> fields;
    for (const OutputColumn& output : result.outputs) fields.push_back({output.name, output.type});
    auto row = std::make_unique<ResolvedMakeStruct>(Type::Struct(std::move(fields)));
    for (const OutputColumn& output : result.outputs) {
      row->fields.push_back(std::make_unique<ResolvedColumn>(output.id, output.type));
    }
    auto rows = std::make_unique<ProjectScan>();
    rows->columns = result.scan->columns;
    const ColumnId id = NewColumn();
    const Type type = row->type;
    rows->columns.push_back({id, type});
    rows->computed.push_back({id, std::move(row)});
    rows->input = std::move(result.scan);
    result.scan = std::move(rows);
    result.outputs = {{"", id, type}};
  }
  if (owner != nullptr && !state.order_keys.empty()) {
    auto sort = std::make_unique<SortScan>();
    sort->columns = result.scan->columns;
    sort->input = std::move(result.scan);
    for (const SelectState::OrderKey& key : state.order_keys) {
      sort->items.push_back({key.id, key.descending, key.nulls_first});
    }
    result.scan = std::move(sort);
  }
  return result;
}

}  // namespace bqcdc::emulator::sql
