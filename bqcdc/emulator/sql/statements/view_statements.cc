// CREATE VIEW
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_view_statement).

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/statements/definition.h"
#include "bqcdc/emulator/sql/statements/result_columns.h"
#include "bqcdc/emulator/sql/statements/statement.h"
#include "bqcdc/schema/column_name_rules.h"

namespace bqcdc::emulator::sql {
namespace {

// The columns of the view, of which the text is checked the whole way to DuckDB's SQL.
absl::Status ApplyQuery(Evaluation& evaluation, const CreateViewStatement& statement, catalog::Table& view) {
  BQCDC_ASSIGN_OR_RETURN(const ResolvedQuery query,
                         evaluation.analyzer().AnalyzeViewDefinition(*statement.query, view.id));
  BQCDC_ASSIGN_OR_RETURN(view.schema.columns, ResultColumns(query));
  if (statement.columns.empty() && query.first_unnamed) {
    return ErrorAt(statement.query->position, "CREATE VIEW columns must be named, but column ",
                   *query.first_unnamed, " has no name");
  }
  if (!statement.columns.empty() && statement.columns.size() != view.schema.columns.size()) {
    return ErrorAt(statement.position, "View column list has ", statement.columns.size(),
                   " columns, but its query gives ", view.schema.columns.size());
  }
  view.view = catalog::View{statement.query_text, {}};
  for (size_t i = 0; i < statement.columns.size(); ++i) {
    const ViewColumn& column = statement.columns[i];
    const absl::Status valid = schema::ValidateColumnName(column.name.text);
    if (!valid.ok()) return ErrorAt(column.name.position, base::ToStd(valid.message()));
    for (size_t k = 0; k < i; ++k) {
      if (absl::AsciiStrToLower(statement.columns[k].name.text) == absl::AsciiStrToLower(column.name.text))
        return ErrorAt(column.name.position, "Duplicate column name ", column.name.text, " in CREATE VIEW");
    }
    view.view->columns.push_back(column.name.text);
    view.schema.columns[i].name = column.name.text;
    if (column.options) {
      BQCDC_ASSIGN_OR_RETURN(view.schema.columns[i].description,
                             ColumnDescription(evaluation, *column.options));
    }
  }
  return evaluation.SqlOf(query).status();
}

}  // namespace

absl::StatusOr<QueryOutcome> RunCreateView(const StatementContext& context,
                                           const CreateViewStatement& statement) {
  if (statement.or_replace && statement.if_not_exists) {
    return ErrorAt(statement.position, "CREATE VIEW cannot have both OR REPLACE and IF NOT EXISTS");
  }
  catalog::Table view;
  BQCDC_ASSIGN_OR_RETURN(view.id, NewTableOf(context, statement.name));
  // As at each later use: names without a project are in the view's, a dataset has to be named, and there are
  // no parameters.
  QueryRequest request;
  request.text = context.request.text;
  request.project = view.id.project;
  request.location = context.request.location;
  request.cancellation = context.request.cancellation;
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Begin(context.database, request));
  BQCDC_RETURN_IF_ERROR(ApplyQuery(*evaluation, statement, view));
  if (statement.options) BQCDC_RETURN_IF_ERROR(ApplyViewOptions(*evaluation, *statement.options, view));

  QueryOutcome outcome;
  outcome.statement_type = "CREATE_VIEW";
  outcome.ddl_target_table = view.id;
  outcome.columns = view.schema.columns;
  const auto existing = context.database.GetTable(view.id);
  outcome.ddl_operation = !existing.ok() ? "CREATE" : statement.or_replace ? "REPLACE" : "SKIP";
  if (existing.ok() && !statement.if_not_exists) {
    if (!statement.or_replace) return errors::TableExists(view.id.ToString());
    if (!existing->view) return errors::WrongTableType(view.id.ToString(), "TABLE");
  }
  if (context.request.dry_run || outcome.ddl_operation == "SKIP") return outcome;
  evaluation.reset();
  const auto created = context.database.CreateTable(view, statement.or_replace);
  if (created.status().code() == absl::StatusCode::kAlreadyExists && statement.if_not_exists) {
    outcome.ddl_operation = "SKIP";  // somebody else was quicker
    return outcome;
  }
  BQCDC_RETURN_IF_ERROR(created.status());
  return outcome;
}

}  // namespace bqcdc::emulator::sql
