#include "bqcdc/emulator/sql/query_runner.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/parser/parser.h"
#include "bqcdc/emulator/sql/statements/evaluation.h"
#include "bqcdc/emulator/sql/statements/statement.h"

namespace bqcdc::emulator::sql {
namespace {

// Statements that end at once; the others find their point of no return themselves.
bool ChangesOnlyTheCatalog(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kCreateSchema:
    case StatementKind::kAlterSchema:
    case StatementKind::kAlterTable:
    case StatementKind::kCreateView:
    case StatementKind::kDrop:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<QueryOutcome> RunStatement(const StatementContext& context, const Statement& statement) {
  std::optional<engine::PointOfNoReturn> committing;
  if (ChangesOnlyTheCatalog(statement)) {
    BQCDC_ASSIGN_OR_RETURN(auto entered, engine::PointOfNoReturn::Enter(context.cancellation()));
    committing.emplace(std::move(entered));
  }
  switch (statement.kind) {
    case StatementKind::kQuery:
      return RunSelect(context, As<QueryStatement>(statement));
    case StatementKind::kCreateTable:
      return RunCreateTable(context, As<CreateTableStatement>(statement));
    case StatementKind::kCreateSchema:
      return RunCreateSchema(context, As<CreateSchemaStatement>(statement));
    case StatementKind::kAlterSchema:
      return RunAlterSchema(context, As<AlterSchemaStatement>(statement));
    case StatementKind::kAlterTable:
      return RunAlterTable(context, As<AlterTableStatement>(statement));
    case StatementKind::kDrop:
      return RunDrop(context, As<DropStatement>(statement));
    case StatementKind::kInsert:
      return RunInsert(context, As<InsertStatement>(statement));
    case StatementKind::kUpdate:
      return RunUpdate(context, As<UpdateStatement>(statement));
    case StatementKind::kDelete:
      return RunDelete(context, As<DeleteStatement>(statement));
    case StatementKind::kMerge:
      return RunMerge(context, As<MergeStatement>(statement));
    case StatementKind::kTruncate:
      return RunTruncate(context, As<TruncateStatement>(statement));
    case StatementKind::kCreateView:
      return RunCreateView(context, As<CreateViewStatement>(statement));
    case StatementKind::kUnsupported:
      return Unsupported(statement.position, "statement ", As<UnsupportedStatement>(statement).name);
  }
  return Unsupported(statement.position, "this statement");
}

}  // namespace

absl::StatusOr<QueryOutcome> RunQuery(engine::Database& database, const QueryRequest& request) {
  auto script = ParseScript(request.text);
  if (!script.ok()) return errors::InvalidQuery(base::ToStd(script.status().message()));
  const StatementContext context{database, request};
  QueryOutcome outcome;
  for (const StatementPtr& statement : script->statements) {
    BQCDC_ASSIGN_OR_RETURN(outcome, RunStatement(context, *statement));
  }
  return outcome;
}

}  // namespace bqcdc::emulator::sql
