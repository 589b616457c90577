// Statements that make scripts.

#include "bqcdc/emulator/sql/parser/unparser_impl.h"

namespace bqcdc::emulator::sql {

void Unparser::WriteList(const std::vector<StatementPtr>& statements) {
  for (const StatementPtr& statement : statements) {
    Add(" ");
    Write(*statement);
    Add(";");
  }
}

void Unparser::WriteDeclare(const DeclareStatement& statement) {
  Add("DECLARE ");
  Join(statement.names, [&](const Identifier& name) { WriteName(name); });
  if (statement.type != nullptr) {
    Add(" ");
    Write(*statement.type);
  }
  WriteOptional(" DEFAULT ", statement.default_value);
}

void Unparser::WriteSet(const SetStatement& statement) {
  Add("SET ");
  if (statement.of_struct) {
    WriteNames(statement.names);
  } else {
    WriteName(statement.names[0]);
  }
  WriteOptional(" = ", statement.value);
}

void Unparser::WriteBlock(const BlockStatement& statement) {
  Add("BEGIN");
  WriteList(statement.statements);
  if (statement.handler) {
    Add(" EXCEPTION WHEN ERROR THEN");
    WriteList(*statement.handler);
  }
  Add(" END");
}

void Unparser::WriteIf(const IfStatement& statement) {
  for (size_t i = 0; i < statement.branches.size(); ++i) {
    const IfBranch& branch = statement.branches[i];
    if (branch.condition == nullptr) {
      Add(" ELSE");
    } else {
      WriteOptional(i == 0 ? "IF " : " ELSEIF ", branch.condition);
      Add(" THEN");
    }
    WriteList(branch.statements);
  }
  Add(" END IF");
}

void Unparser::WriteLoop(const LoopStatement& statement) {
  if (statement.condition != nullptr) {
    WriteOptional("WHILE ", statement.condition);
    Add(" DO");
  } else {
    Add("LOOP");
  }
  WriteList(statement.statements);
  Add(statement.condition != nullptr ? " END WHILE" : " END LOOP");
}

void Unparser::WriteJump(const JumpStatement& statement) {
  switch (statement.jump) {
    case Jump::kBreak:
      return Add("BREAK");
    case Jump::kContinue:
      return Add("CONTINUE");
    case Jump::kReturn:
      return Add("RETURN");
  }
}

}  // namespace bqcdc::emulator::sql
