#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/statements/append_rows.h"
#include "bqcdc/emulator/sql/statements/statement.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

using schema::Column;

// Rows that one INSERT ... VALUES may have.
constexpr size_t kInsertedRowsMax = 100'000;
// Evaluations of one INSERT, while the table's columns change under it.
constexpr int kAttemptsMax = 10;

// What an INSERT writes: for each column of the table the index of the given value, or -1 for its default.
absl::StatusOr<std::vector<int>> TargetColumns(const InsertStatement& statement,
                                               const catalog::Table& table) {
  const std::vector<Column>& columns = table.schema.columns;
  std::vector<int> sources(columns.size(), -1);
  if (statement.columns.empty()) {
    for (size_t i = 0; i < columns.size(); ++i) sources[i] = static_cast<int>(i);
    return sources;
  }
  for (size_t i = 0; i < statement.columns.size(); ++i) {
    const Identifier& name = statement.columns[i];
    const std::optional<size_t> index = table.schema.FindColumnIndex(name.text);
    if (!index) {
      return ErrorAt(name.position, "Column ", name.text, " is not present in table ", table.id.ToString());
    }
    if (sources[*index] >= 0)
      return ErrorAt(name.position, "INSERT has columns with duplicate name: ", name.text);
    sources[*index] = static_cast<int>(i);
  }
  return sources;
}

absl::StatusOr<std::string> DefaultSql(Evaluation& evaluation, const Column& column) {
  BQCDC_ASSIGN_OR_RETURN(const ResolvedExpressionPtr expression,
                         evaluation.analyzer().AnalyzeDefault(column));
  return evaluation.SqlOf(*expression);
}

absl::StatusOr<std::string> ValuesSql(Evaluation& evaluation, const InsertStatement& statement,
                                      const catalog::Table& table, const std::vector<int>& sources) {
  const size_t given = statement.columns.empty() ? table.schema.columns.size() : statement.columns.size();
  if (statement.rows.size() > kInsertedRowsMax) {
    return ErrorAt(statement.position, "INSERT of more than ", kInsertedRowsMax, " rows is not supported");
  }
  std::string text;
  for (const InsertRow& row : statement.rows) {
    if (row.values.size() != given) {
      return ErrorAt(row.position, "Inserted row has wrong column count; Has ", row.values.size(),
                     ", expected ", given);
    }
    std::string cells;
    for (size_t i = 0; i < sources.size(); ++i) {
      const Column& column = table.schema.columns[i];
      const Expression* value = sources[i] < 0 ? nullptr : row.values[sources[i]].get();
      std::string cell;
      if (value == nullptr || value->kind == ExpressionKind::kDefault) {
        BQCDC_ASSIGN_OR_RETURN(cell, DefaultSql(evaluation, column));
      } else {
        BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr resolved, evaluation.analyzer().AnalyzeConstant(*value));
        const std::string target = base::StrCat("column ", column.name);
        BQCDC_ASSIGN_OR_RETURN(resolved, evaluation.analyzer().CoerceForAssignment(
                                             std::move(resolved), TypeOfColumn(column), target));
        BQCDC_ASSIGN_OR_RETURN(cell, evaluation.SqlOf(*resolved));
      }
      base::StrAppend(&cells, cells.empty() ? "" : ", ", cell);
    }
    base::StrAppend(&text, text.empty() ? "VALUES (" : ", (", cells, ")");
  }
  return text;
}

absl::StatusOr<std::string> QuerySql(Evaluation& evaluation, const InsertStatement& statement,
                                     const catalog::Table& table, const std::vector<int>& sources) {
  BQCDC_ASSIGN_OR_RETURN(ResolvedQuery query,
                         evaluation.analyzer().AnalyzeQuery(*statement.query, OutputNames::kAny));
  const size_t given = statement.columns.empty() ? table.schema.columns.size() : statement.columns.size();
  if (query.outputs.size() != given) {
    return ErrorAt(statement.position, "Inserted row has wrong column count; Has ", query.outputs.size(),
                   ", expected ", given);
  }
  std::vector<OutputColumn> outputs;
  auto project = std::make_unique<ProjectScan>();
  for (size_t i = 0; i < sources.size(); ++i) {
    const Column& column = table.schema.columns[i];
    const Type type = TypeOfColumn(column);
    ResolvedExpressionPtr value;
    if (sources[i] < 0) {
      BQCDC_ASSIGN_OR_RETURN(value, evaluation.analyzer().AnalyzeDefault(column));
    } else {
      const OutputColumn& output = query.outputs[sources[i]];
      if (FindCoercion(Analyzer::OutputArgument(*query.scan, output), type) == Coercion::kNone) {
        return ErrorAt(statement.query->position, "Query column ", sources[i] + 1, " has type ",
                       output.type.ToString(), " which cannot be inserted into column ", column.name,
                       ", which has type ", type.ToString());
      }
      BQCDC_ASSIGN_OR_RETURN(value, evaluation.analyzer().ConvertOutput(*query.scan, output, type));
    }
    outputs.push_back({column.name, evaluation.analyzer().Compute(std::move(value), *project), type});
  }
  project->input = std::move(query.scan);
  ResolvedQuery converted;
  converted.scan = std::move(project);
  converted.outputs = std::move(outputs);
  return evaluation.SqlOf(converted);
}

absl::StatusOr<QueryOutcome> TryInsert(const StatementContext& context, const InsertStatement& statement) {
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Begin(context.database, context.request));
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, TableOf(context, statement.table));
  BQCDC_ASSIGN_OR_RETURN(const catalog::Table table, evaluation->FindTable(id));
  if (table.view) return errors::WrongTableType(id.ToString(), "VIEW");
  BQCDC_ASSIGN_OR_RETURN(const std::vector<int> sources, TargetColumns(statement, table));
  std::string sql;
  if (statement.query) {
    BQCDC_ASSIGN_OR_RETURN(sql, QuerySql(*evaluation, statement, table, sources));
  } else {
    BQCDC_ASSIGN_OR_RETURN(sql, ValuesSql(*evaluation, statement, table, sources));
  }
  QueryOutcome outcome;
  outcome.statement_type = "INSERT";
  outcome.dml_counts.emplace();
  if (context.request.dry_run) return outcome;
  BQCDC_ASSIGN_OR_RETURN(engine::AppendBatch rows, ReadRows(*evaluation, table, sql));
  evaluation.reset();
  BQCDC_ASSIGN_OR_RETURN(const auto committing, engine::PointOfNoReturn::Enter(context.cancellation()));
  BQCDC_ASSIGN_OR_RETURN(outcome.dml_counts->inserted, AppendRows(context.database, table, std::move(rows)));
  return outcome;
}

}  // namespace

absl::StatusOr<QueryOutcome> RunInsert(const StatementContext& context, const InsertStatement& statement) {
  for (int attempt = 1;; ++attempt) {
    absl::StatusOr<QueryOutcome> outcome = TryInsert(context, statement);
    // The table's columns changed between its rows' evaluation and their storing, and nothing is stored.
    if (!absl::IsAborted(outcome.status()) || attempt == kAttemptsMax) return outcome;
  }
}

}  // namespace bqcdc::emulator::sql
