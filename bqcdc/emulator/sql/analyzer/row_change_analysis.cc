// Statements that change rows (https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax) as
// queries that give the changed rows; the plain ones, DELETE and TRUNCATE.

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/partition_filter.h"

namespace bqcdc::emulator::sql {

ResolvedExpressionPtr ChangeLiteral(engine::RowChange change) {
  return std::make_unique<ResolvedLiteral>(Value::Int64(static_cast<int64_t>(change)));
}

absl::StatusOr<Analyzer::ChangedTable> Analyzer::AnalyzeChangedTable(const TablePath& path,
                                                                     const std::optional<Identifier>& alias) {
  if (path.names.back().text.ends_with('*')) {
    return ErrorAt(path.position, "A wildcard table cannot be the target of a DML statement");
  }
  TableReference reference;
  reference.path = path;
  reference.alias = alias;
  reference.position = path.position;
  ChangedTable target;
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, ResolveTablePath(path));
  BQCDC_ASSIGN_OR_RETURN(target.table, tables_.FindTable(id));
  if (target.table.view) return errors::WrongTableType(id.ToString(), "VIEW");
  BQCDC_ASSIGN_OR_RETURN(target.from, AnalyzeStoredTable(reference));
  target.row = NewColumn();
  const ScanColumn number{target.row, TypeKind::kInt64};
  ResolvedScan* scan = target.from.scan.get();
  if (target.table.partitioned_by_ingestion()) {  // _PARTITIONTIME stands over the table's scan.
    scan->columns.push_back(number);
    scan = static_cast<ProjectScan*>(scan)->input.get();
  }
  target.columns.assign(
      scan->columns.begin(),
      scan->columns.begin() + static_cast<std::ptrdiff_t>(target.table.schema.columns.size()));
  target.scan = static_cast<TableScan*>(scan);
  target.scan->row_number = target.row;
  target.scan->columns.push_back(number);
  return target;
}

const RangeVariable* Analyzer::VariableOf(const ChangedTable& target, const NameList& names) {
  const NameMatch match = FindName(names, target.from.names.variables[0].name);
  return match.kind == NameMatch::Kind::kVariable ? match.variable : nullptr;
}

absl::StatusOr<ResolvedQuery> Analyzer::MakeChanges(ResolvedScanPtr scan, ResolvedExpressionPtr change,
                                                    const ChangedTable& target,
                                                    std::vector<ResolvedExpressionPtr> values) {
  ResolvedQuery query;
  auto project = std::make_unique<ProjectScan>();
  const auto add = [&](const std::string& name, ResolvedExpressionPtr value) {
    const OutputColumn output{name, NewColumn(), value->type};
    project->columns.push_back({output.id, output.type});
    project->computed.push_back({output.id, std::move(value)});
    query.outputs.push_back(output);
  };
  add("", std::move(change));
  add("", std::make_unique<ResolvedColumn>(target.row, TypeKind::kInt64));
  for (size_t i = 0; i < values.size(); ++i) add(target.table.schema.columns[i].name, std::move(values[i]));
  project->input = std::move(scan);
  query.scan = std::move(project);
  BQCDC_RETURN_IF_ERROR(CheckPartitionFilters(query));
  return query;
}

ResolvedScanPtr Analyzer::AddColumn(ResolvedScanPtr input, ColumnId id, ResolvedExpressionPtr value) {
  auto project = std::make_unique<ProjectScan>();
  project->columns = input->columns;
  project->columns.push_back({id, value->type});
  project->computed.push_back({id, std::move(value)});
  project->input = std::move(input);
  return project;
}

absl::StatusOr<ResolvedQuery> Analyzer::DeleteAll(ResolvedScanPtr scan, const ChangedTable& target) {
  std::vector<ResolvedExpressionPtr> values;
  for (const ScanColumn& column : target.columns) {
    values.push_back(std::make_unique<ResolvedLiteral>(Value::Null(column.type)));
  }
  return MakeChanges(std::move(scan), ChangeLiteral(engine::RowChange::kDelete), target, std::move(values));
}

absl::StatusOr<ResolvedQuery> Analyzer::AnalyzeDelete(const DeleteStatement& statement) {
  BQCDC_ASSIGN_OR_RETURN(ChangedTable target, AnalyzeChangedTable(statement.table, statement.alias));
  if (!statement.where) return ErrorAt(statement.position, "DELETE must have a WHERE clause");
  const Scope scope{&target.from.names, nullptr};
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr predicate,
                         AnalyzeCondition(*statement.where, scope, "WHERE clause"));
  return DeleteAll(Filter(std::move(target.from.scan), std::move(predicate)), target);
}

absl::StatusOr<ResolvedQuery> Analyzer::AnalyzeTruncate(const TruncateStatement& statement) {
  BQCDC_ASSIGN_OR_RETURN(ChangedTable target, AnalyzeChangedTable(statement.table, std::nullopt));
  return DeleteAll(std::move(target.from.scan), target);
}

}  // namespace bqcdc::emulator::sql
