#include "bqcdc/emulator/sql/script_check.h"

#include <vector>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"

namespace bqcdc::emulator::sql {
namespace {

// Where a list of statements stands.
struct Place {
  bool may_declare = false;  // a script or a block
  bool in_loop = false;
};

absl::Status CheckList(const std::vector<StatementPtr>& statements, Place place);

absl::Status CheckStatement(const Statement& statement, const Place& place) {
  const Place inner{.in_loop = place.in_loop};
  switch (statement.kind) {
    case StatementKind::kUnsupported:
      return Unsupported(statement.position, "statement ", As<UnsupportedStatement>(statement).name);
    case StatementKind::kDeclare:
      if (place.may_declare) return absl::OkStatus();
      return ErrorAt(statement.position,
                     "Variable declarations are allowed only at the start of a block or script");
    case StatementKind::kJump:
      if (place.in_loop || As<JumpStatement>(statement).jump == Jump::kReturn) return absl::OkStatus();
      return ErrorAt(statement.position, "BREAK and CONTINUE are only allowed inside of a loop");
    case StatementKind::kBlock: {
      const auto& block = As<BlockStatement>(statement);
      BQCDC_RETURN_IF_ERROR(CheckList(block.statements, {.may_declare = true, .in_loop = place.in_loop}));
      return block.handler ? CheckList(*block.handler, inner) : absl::OkStatus();
    }
    case StatementKind::kIf:
      for (const IfBranch& branch : As<IfStatement>(statement).branches)
        BQCDC_RETURN_IF_ERROR(CheckList(branch.statements, inner));
      return absl::OkStatus();
    case StatementKind::kLoop:
      return CheckList(As<LoopStatement>(statement).statements, {.in_loop = true});
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckList(const std::vector<StatementPtr>& statements, Place place) {
  for (const StatementPtr& statement : statements) {
    place.may_declare &= statement->kind == StatementKind::kDeclare;
    BQCDC_RETURN_IF_ERROR(CheckStatement(*statement, place));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckScript(const Script& script) { return CheckList(script.statements, {.may_declare = true}); }

}  // namespace bqcdc::emulator::sql
