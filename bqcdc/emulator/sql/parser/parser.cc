#include "bqcdc/emulator/sql/parser/parser.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "bqcdc/emulator/sql/parser/lexer.h"
#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {
namespace {

// Statements that are known by their first one or two words, and not parsed.
struct UnsupportedRule {
  std::string_view first;
  std::string_view second = "";
  // Semicolons inside belong to it.
  bool is_block = false;
};

constexpr UnsupportedRule kUnsupportedRules[] = {
    {"BEGIN", "TRANSACTION"},
    {"COMMIT"},
    {"ROLLBACK"},
    {"CALL"},
    {"GRANT"},
    {"REVOKE"},
    {"ASSERT"},
    {"EXPLAIN"},
    {"DESCRIBE"},
    {"SHOW"},
    {"ANALYZE"},
    {"RAISE"},
    {"FROM"},
    {"EXECUTE", "IMMEDIATE"},
    {"EXPORT", "DATA"},
    {"EXPORT", "MODEL"},
    {"LOAD", "DATA"},
    {"UNDROP", "SCHEMA"},
    {"CLONE", "DATA"},
    {"BEGIN"},
    {"FOR", "", true},
    {"REPEAT", "", true},
    {"CASE", "", true},
};

// Words that may stand between CREATE, ALTER or DROP and the kind of the object, and belong to its name.
bool IsObjectWord(const TokenStream& tokens) {
  for (const char* word :
       {"AGGREGATE",   "ALL",      "ASSIGNMENT", "BI_CAPACITY", "CAPACITY",     "COLUMN",      "CONNECTION",
        "DATA_POLICY", "EXTERNAL", "FUNCTION",   "INDEX",       "MATERIALIZED", "MODEL",       "ORGANIZATION",
        "POLICIES",    "POLICY",   "ACCESS",     "PROCEDURE",   "PROJECT",      "RESERVATION", "ROW",
        "SCHEMA",      "SEARCH",   "SNAPSHOT",   "TABLE",       "UNIQUE",       "VECTOR",      "VIEW"}) {
    if (tokens.IsWord(word)) return true;
  }
  return false;
}

absl::StatusOr<Parser> Start(std::string_view text) {
  BQCDC_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text));
  return Parser(text, TokenStream(std::move(tokens)));
}

}  // namespace

absl::Status Parser::ExpectEnd() const {
  return tokens_.AtEnd() ? absl::OkStatus() : tokens_.Expected("end of input");
}

absl::StatusOr<Script> Parser::ParseScript() {
  Script script;
  while (true) {
    while (tokens_.TakeSymbol(";")) {
    }
    if (tokens_.AtEnd()) break;
    BQCDC_ASSIGN_OR_RETURN(StatementPtr statement, ParseStatement());
    statement->end_offset = tokens_.taken_end_offset();
    script.statements.push_back(std::move(statement));
    if (!tokens_.IsSymbol(";")) BQCDC_RETURN_IF_ERROR(ExpectEnd());
  }
  if (script.statements.empty()) return tokens_.Unexpected();
  script.positional_parameter_count = positional_parameter_count_;
  return script;
}

absl::StatusOr<StatementPtr> Parser::ParseStatement() {
  if (StartsQuery()) {
    auto statement = Make<QueryStatement>();
    BQCDC_ASSIGN_OR_RETURN(statement->query, ParseQuery());
    return statement;
  }
  if (tokens_.IsWord("CREATE")) return ParseCreate();
  if (tokens_.IsWords({"ALTER", "TABLE"}) || tokens_.IsWords({"ALTER", "VIEW"})) return ParseAlterTable();
  if (tokens_.IsWords({"ALTER", "SCHEMA"})) return ParseAlterSchema();
  if (tokens_.IsWord("DROP")) return ParseDrop();
  if (tokens_.IsWord("INSERT")) return ParseInsert();
  if (tokens_.IsWord("UPDATE")) return ParseUpdate();
  if (tokens_.IsWord("DELETE")) return ParseDelete();
  if (tokens_.IsWord("MERGE")) return ParseMerge();
  if (tokens_.IsWords({"TRUNCATE", "TABLE"})) return ParseTruncate();
  if (tokens_.IsWord("DECLARE")) return ParseDeclare();
  if (tokens_.IsWord("SET")) return ParseSet();
  // BEGIN alone opens a transaction, too.
  const bool transaction =
      tokens_.IsWord("TRANSACTION", 1) || tokens_.IsSymbol(";", 1) || tokens_.Peek(1).kind == TokenKind::kEnd;
  if (tokens_.IsWord("BEGIN") && !transaction) return ParseBlock();
  if (tokens_.IsWord("IF")) return ParseIf();
  if (tokens_.IsWord("WHILE") || tokens_.IsWord("LOOP")) return ParseLoop();
  if (StatementPtr jump = ParseJump()) return jump;
  if (StatementPtr unsupported = ParseUnsupported()) return unsupported;
  return tokens_.Unexpected();
}

// A statement of kUnsupportedRules, or ALTER of another object; null if there is none.
StatementPtr Parser::ParseUnsupported() {
  auto statement = Make<UnsupportedStatement>();
  const auto take_word = [&] {
    if (!statement->name.empty()) statement->name += ' ';
    statement->name += absl::AsciiStrToUpper(std::string(tokens_.Take().image));
  };
  bool is_block = false;
  for (const UnsupportedRule& rule : kUnsupportedRules) {
    const bool has_second = !rule.second.empty();
    if (!tokens_.IsWord(rule.first) || (has_second && !tokens_.IsWord(rule.second, 1))) continue;
    take_word();
    if (has_second) take_word();
    is_block = rule.is_block;
    break;
  }
  const bool changes_object = tokens_.IsWord("CREATE") || tokens_.IsWord("ALTER") || tokens_.IsWord("DROP");
  if (statement->name.empty() && changes_object) {
    take_word();
    if (tokens_.TakeWords({"OR", "REPLACE"})) statement->name += " OR REPLACE";
    if (!tokens_.TakeWord("TEMP")) tokens_.TakeWord("TEMPORARY");
    if (!IsObjectWord(tokens_)) return nullptr;  // the caller fails at this word
    while (IsObjectWord(tokens_)) take_word();
    is_block = statement->name.ends_with("PROCEDURE") && statement->name.starts_with("CREATE");
  }
  if (statement->name.empty()) return nullptr;
  while (!tokens_.AtEnd() && (is_block || !tokens_.IsSymbol(";"))) tokens_.Take();
  return statement;
}

absl::StatusOr<Script> ParseScript(std::string_view text) {
  BQCDC_ASSIGN_OR_RETURN(Parser parser, Start(text));
  return parser.ParseScript();
}

absl::StatusOr<StatementPtr> ParseStatement(std::string_view text) {
  BQCDC_ASSIGN_OR_RETURN(Script script, ParseScript(text));
  if (script.statements.size() > 1) {
    return SyntaxError("Expected end of input but got another statement", script.statements[1]->position);
  }
  return std::move(script.statements.front());
}

absl::StatusOr<ExpressionPtr> ParseExpression(std::string_view text) {
  BQCDC_ASSIGN_OR_RETURN(Parser parser, Start(text));
  BQCDC_ASSIGN_OR_RETURN(ExpressionPtr expression, parser.ParseExpression());
  BQCDC_RETURN_IF_ERROR(parser.ExpectEnd());
  return expression;
}

absl::StatusOr<TypeNamePtr> ParseType(std::string_view text) {
  BQCDC_ASSIGN_OR_RETURN(Parser parser, Start(text));
  BQCDC_ASSIGN_OR_RETURN(TypeNamePtr type, parser.ParseType());
  BQCDC_RETURN_IF_ERROR(parser.ExpectEnd());
  return type;
}

}  // namespace bqcdc::emulator::sql
