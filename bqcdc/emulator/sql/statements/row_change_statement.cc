// UPDATE, DELETE, MERGE and TRUNCATE.

#include <functional>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/statements/append_rows.h"
#include "bqcdc/emulator/sql/statements/evaluation.h"
#include "bqcdc/emulator/sql/statements/statement.h"

namespace bqcdc::emulator::sql {
namespace {

struct RowStatement {
  const TablePath& table;
  Position position;
  std::string_view name;  // as it is written
  std::string_view type;  // statementType of REST
  std::function<absl::StatusOr<ResolvedQuery>(Analyzer&)> analyze;
  bool truncates = false;
};

absl::StatusOr<engine::RowChanges> Plan(const StatementContext& context, const RowStatement& statement,
                                        const catalog::TableId& id, engine::ReadSession& session) {
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Over(context.database, context.request, session));
  BQCDC_ASSIGN_OR_RETURN(const ResolvedQuery query, statement.analyze(evaluation->analyzer()));
  BQCDC_ASSIGN_OR_RETURN(const catalog::Table table, evaluation->FindTable(id));
  BQCDC_ASSIGN_OR_RETURN(const std::string sql, evaluation->SqlOf(query));
  engine::RowChanges changes;
  changes.duckdb_sql = ConstrainToColumns(table, sql, "change, number");
  changes.truncates = statement.truncates;
  changes.check = [table](const engine::Chunk& rows) { return CheckRows(table, rows); };
  return changes;
}

absl::Status ActiveWithCdc(const RowStatement& statement, const catalog::TableId& id) {
  // https://cloud.google.com/bigquery/docs/change-data-capture#limitations
  return ErrorAt(statement.position, statement.name, " statement is not supported over table ", id.ToString(),
                 " while it is active with change data capture");
}

absl::StatusOr<QueryOutcome> RunRowStatement(const StatementContext& context, const RowStatement& statement) {
  BQCDC_RETURN_IF_ERROR(context.database.RegisterFunctions(AllOwnFunctions()));
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, TableOf(context, statement.table));
  {
    // First without holding anything up: most statements that fail, fail here.
    BQCDC_ASSIGN_OR_RETURN(const auto session, context.database.BeginRead(context.cancellation()));
    BQCDC_RETURN_IF_ERROR(Plan(context, statement, id, *session).status());
  }
  BQCDC_ASSIGN_OR_RETURN(const bool active, context.database.IsActiveWithCdc(id));
  if (active) return ActiveWithCdc(statement, id);
  QueryOutcome outcome;
  outcome.statement_type = statement.type;
  outcome.dml_counts.emplace();
  if (context.request.dry_run) return outcome;
  const auto counts = context.database.ChangeRows(
      id, [&](engine::ReadSession& session) { return Plan(context, statement, id, session); },
      context.cancellation());
  if (absl::IsFailedPrecondition(counts.status())) return ActiveWithCdc(statement, id);
  if (!counts.ok()) return EvaluationError(counts.status());
  outcome.dml_counts = *counts;
  return outcome;
}

}  // namespace

absl::StatusOr<QueryOutcome> RunDelete(const StatementContext& context, const DeleteStatement& statement) {
  return RunRowStatement(context, {statement.table, statement.position, "DELETE", "DELETE",
                                   [&](Analyzer& analyzer) { return analyzer.AnalyzeDelete(statement); }});
}

absl::StatusOr<QueryOutcome> RunUpdate(const StatementContext& context, const UpdateStatement& statement) {
  return RunRowStatement(context, {statement.table, statement.position, "UPDATE", "UPDATE",
                                   [&](Analyzer& analyzer) { return analyzer.AnalyzeUpdate(statement); }});
}

absl::StatusOr<QueryOutcome> RunMerge(const StatementContext& context, const MergeStatement& statement) {
  return RunRowStatement(context, {statement.target, statement.position, "MERGE", "MERGE",
                                   [&](Analyzer& analyzer) { return analyzer.AnalyzeMerge(statement); }});
}

absl::StatusOr<QueryOutcome> RunTruncate(const StatementContext& context,
                                         const TruncateStatement& statement) {
  return RunRowStatement(context, {statement.table, statement.position, "TRUNCATE TABLE", "TRUNCATE_TABLE",
                                   [&](Analyzer& analyzer) { return analyzer.AnalyzeTruncate(statement); },
                                   /*truncates=*/true});
}

}  // namespace bqcdc::emulator::sql
