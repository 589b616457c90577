#include "bqcdc/emulator/sql/query_runner.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/parser/parser.h"
#include "bqcdc/emulator/sql/script_check.h"
#include "bqcdc/emulator/sql/script_runner.h"
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
    default:
      return Unsupported(statement.position, "this statement");
  }
}

// Whether the statement is part of the script itself.
bool IsProcedural(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kDeclare:
    case StatementKind::kSet:
    case StatementKind::kBlock:
    case StatementKind::kIf:
    case StatementKind::kLoop:
    case StatementKind::kJump:
      return true;
    default:
      return false;
  }
}

// What stands on the outermost level and needs no variables is analysed.
absl::StatusOr<QueryOutcome> DryRunScript(const StatementContext& context, const Script& script) {
  QueryOutcome outcome;
  for (const StatementPtr& statement : script.statements) {
    if (IsProcedural(*statement)) {
      outcome = QueryOutcome();
      outcome.statement_type = "SCRIPT";
      return outcome;
    }
    BQCDC_ASSIGN_OR_RETURN(outcome, RunStatement(context, *statement));
  }
  return outcome;
}

}  // namespace

absl::StatusOr<QueryOutcome> RunQuery(engine::Database& database, const QueryRequest& request) {
  auto script = ParseScript(request.text);
  if (!script.ok()) return errors::InvalidQuery(base::ToStd(script.status().message()));
  BQCDC_RETURN_IF_ERROR(CheckScript(*script));
  const StatementContext context{database, request};
  if (request.dry_run) return DryRunScript(context, *script);
  const bool single = script->statements.size() == 1 && !IsProcedural(*script->statements[0]);
  return single ? RunStatement(context, *script->statements[0])
                : RunScript(database, request, *script, RunStatement);
}

}  // namespace bqcdc::emulator::sql
