// _PARTITIONTIME and _PARTITIONDATE of tables that are partitioned by ingestion time
// (https://cloud.google.com/bigquery/docs/querying-partitioned-tables#query_an_ingestion-time_partitioned_table).

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"

namespace bqcdc::emulator::sql {

absl::Status Analyzer::AddIngestionTime(const catalog::Table& table, FromResult& from) {
  auto& scan = static_cast<TableScan&>(*from.scan);
  const ColumnId ingest = NewColumn();
  scan.columns.push_back({ingest, TypeKind::kInt64});
  scan.names.push_back("$ingest");
  scan.partition_columns = {ingest};
  auto project = std::make_unique<ProjectScan>();
  project->columns = scan.columns;
  const auto add = [&](const char* name, ResolvedExpressionPtr value) {
    NamedColumn column{name, NewColumn(), value->type};
    column.hidden = true;
    project->columns.push_back({column.id, column.type});
    project->computed.push_back({column.id, std::move(value)});
    from.names.columns.push_back(column);
  };
  const auto begin = [&]() -> ExpressionResult {
    std::vector<ResolvedExpressionPtr> micros(1);
    micros[0] = std::make_unique<ResolvedColumn>(ingest, TypeKind::kInt64);
    std::vector<ResolvedExpressionPtr> arguments(2);
    BQCDC_ASSIGN_OR_RETURN(arguments[0], Call("TIMESTAMP_MICROS", std::move(micros), {}));
    arguments[1] = std::make_unique<ResolvedLiteral>(Value::String(table.time_partitioning->type));
    return Call("TIMESTAMP_TRUNC", std::move(arguments), {});
  };
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr time, begin());
  add("_PARTITIONTIME", std::move(time));
  if (table.time_partitioning->type == "DAY") {
    std::vector<ResolvedExpressionPtr> arguments(1);
    BQCDC_ASSIGN_OR_RETURN(arguments[0], begin());
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr date, Call("DATE", std::move(arguments), {}));
    add("_PARTITIONDATE", std::move(date));
  }
  project->input = std::move(from.scan);
  from.scan = std::move(project);
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::sql
