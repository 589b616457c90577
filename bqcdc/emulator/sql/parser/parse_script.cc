// Statements that make scripts: DECLARE, SET, blocks, IF, loops
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language).

#include <utility>

#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

// Statements, each with its semicolon, up to one of the words in `ends`, which stays.
absl::StatusOr<std::vector<StatementPtr>> Parser::ParseStatementList(
    std::initializer_list<std::string_view> ends) {
  Nesting nesting(*this);
  BQCDC_RETURN_IF_ERROR(nesting.status());
  std::vector<StatementPtr> statements;
  while (std::none_of(ends.begin(), ends.end(), [&](std::string_view end) { return tokens_.IsWord(end); })) {
    const Beside beside(*this);
    BQCDC_ASSIGN_OR_RETURN(StatementPtr statement, ParseStatement());
    statement->end_offset = tokens_.taken_end_offset();
    statements.push_back(std::move(statement));
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(";"));
  }
  return statements;
}

absl::StatusOr<StatementPtr> Parser::ParseDeclare() {
  auto statement = Make<DeclareStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("DECLARE"));
  do {
    BQCDC_ASSIGN_OR_RETURN(Identifier name, ParseName());
    statement->names.push_back(std::move(name));
  } while (tokens_.TakeSymbol(","));
  if (!tokens_.IsWord("DEFAULT")) {
    BQCDC_ASSIGN_OR_RETURN(statement->type, ParseType());
  }
  if (tokens_.TakeWord("DEFAULT")) {
    BQCDC_ASSIGN_OR_RETURN(statement->default_value, ParseExpression());
  }
  return statement;
}

absl::StatusOr<StatementPtr> Parser::ParseSet() {
  auto statement = Make<SetStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("SET"));
  if (tokens_.IsSymbol("(")) {
    statement->of_struct = true;
    BQCDC_ASSIGN_OR_RETURN(statement->names, ParseNameList());
  } else {
    BQCDC_ASSIGN_OR_RETURN(Identifier name, ParseName());
    statement->names.push_back(std::move(name));
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
  BQCDC_ASSIGN_OR_RETURN(statement->value, ParseExpression());
  return statement;
}

absl::StatusOr<StatementPtr> Parser::ParseBlock() {
  auto statement = Make<BlockStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("BEGIN"));
  BQCDC_ASSIGN_OR_RETURN(statement->statements, ParseStatementList({"END", "EXCEPTION"}));
  if (tokens_.TakeWord("EXCEPTION")) {
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"WHEN", "ERROR", "THEN"}));
    BQCDC_ASSIGN_OR_RETURN(statement->handler, ParseStatementList({"END"}));
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("END"));
  return statement;
}

absl::StatusOr<StatementPtr> Parser::ParseIf() {
  auto statement = Make<IfStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("IF"));
  do {
    IfBranch branch;
    BQCDC_ASSIGN_OR_RETURN(branch.condition, ParseExpression());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("THEN"));
    BQCDC_ASSIGN_OR_RETURN(branch.statements, ParseStatementList({"ELSEIF", "ELSE", "END"}));
    statement->branches.push_back(std::move(branch));
  } while (tokens_.TakeWord("ELSEIF"));
  if (tokens_.TakeWord("ELSE")) {
    IfBranch branch;
    BQCDC_ASSIGN_OR_RETURN(branch.statements, ParseStatementList({"END"}));
    statement->branches.push_back(std::move(branch));
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"END", "IF"}));
  return statement;
}

absl::StatusOr<StatementPtr> Parser::ParseLoop() {
  auto statement = Make<LoopStatement>();
  if (tokens_.TakeWord("WHILE")) {
    BQCDC_ASSIGN_OR_RETURN(statement->condition, ParseExpression());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("DO"));
    BQCDC_ASSIGN_OR_RETURN(statement->statements, ParseStatementList({"END"}));
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"END", "WHILE"}));
    return statement;
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("LOOP"));
  BQCDC_ASSIGN_OR_RETURN(statement->statements, ParseStatementList({"END"}));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"END", "LOOP"}));
  return statement;
}

// Null where the cursor is at no word that jumps.
StatementPtr Parser::ParseJump() {
  static constexpr std::pair<std::string_view, Jump> kWords[] = {{"BREAK", Jump::kBreak},
                                                                 {"LEAVE", Jump::kBreak},
                                                                 {"CONTINUE", Jump::kContinue},
                                                                 {"ITERATE", Jump::kContinue},
                                                                 {"RETURN", Jump::kReturn}};
  for (const auto& [word, jump] : kWords) {
    if (!tokens_.IsWord(word)) continue;
    auto statement = Make<JumpStatement>();
    tokens_.Take();
    statement->jump = jump;
    return statement;
  }
  return nullptr;
}

}  // namespace bqcdc::emulator::sql
