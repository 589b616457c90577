// CREATE, ALTER and DROP of schemas and views, and the clauses that all DDL shares.

#include <string>
#include <utility>

#include "bqcdc/emulator/sql/parser/lexer.h"
#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<StatementPtr> Parser::ParseCreate() {
  const Position start = tokens_.position();
  // Other objects are recognised by name before anything is consumed.
  size_t ahead = 1;
  const bool or_replace = tokens_.IsWords({"CREATE", "OR", "REPLACE"});
  if (or_replace) ahead = 3;
  const bool temporary = tokens_.IsWord("TEMP", ahead) || tokens_.IsWord("TEMPORARY", ahead);
  if (temporary) ++ahead;
  const bool is_table = tokens_.IsWord("TABLE", ahead) && !tokens_.IsWord("FUNCTION", ahead + 1);
  const bool is_schema = tokens_.IsWord("SCHEMA", ahead) && !temporary;
  const bool is_view = tokens_.IsWord("VIEW", ahead) && !temporary;
  if (!is_table && !is_schema && !is_view) {
    if (StatementPtr unsupported = ParseUnsupported()) return unsupported;
    return tokens_.Unexpected();
  }
  for (size_t i = 0; i <= ahead; ++i) tokens_.Take();
  absl::StatusOr<StatementPtr> statement = is_table    ? ParseCreateTable(or_replace, temporary)
                                           : is_schema ? ParseCreateSchema(or_replace)
                                                       : ParseCreateView(or_replace);
  if (statement.ok()) (*statement)->position = start;
  return statement;
}

absl::StatusOr<StatementPtr> Parser::ParseCreateSchema(bool or_replace) {
  auto statement = Make<CreateSchemaStatement>();
  statement->or_replace = or_replace;
  statement->if_not_exists = tokens_.TakeWords({"IF", "NOT", "EXISTS"});
  BQCDC_ASSIGN_OR_RETURN(statement->name, ParseTablePath());
  BQCDC_RETURN_IF_ERROR(ParseDefaultCollate(statement->default_collate));
  BQCDC_RETURN_IF_ERROR(ParseOptionalOptions(statement->options));
  return statement;
}

absl::StatusOr<StatementPtr> Parser::ParseCreateView(bool or_replace) {
  auto statement = Make<CreateViewStatement>();
  statement->or_replace = or_replace;
  statement->if_not_exists = tokens_.TakeWords({"IF", "NOT", "EXISTS"});
  BQCDC_ASSIGN_OR_RETURN(statement->name, ParseTablePath());
  if (tokens_.TakeSymbol("(")) {
    do {
      ViewColumn column;
      BQCDC_ASSIGN_OR_RETURN(column.name, ParseName());
      BQCDC_RETURN_IF_ERROR(ParseOptionalOptions(column.options));
      statement->columns.push_back(std::move(column));
    } while (tokens_.TakeSymbol(","));
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  }
  BQCDC_RETURN_IF_ERROR(ParseOptionalOptions(statement->options));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("AS"));
  const int query_start = tokens_.position().offset;
  BQCDC_ASSIGN_OR_RETURN(statement->query, ParseQuery());
  statement->query_text = std::string(text_.substr(query_start, tokens_.taken_end_offset() - query_start));
  return statement;
}

absl::StatusOr<StatementPtr> Parser::ParseDrop() {
  auto statement = Make<DropStatement>();
  if (tokens_.IsWords({"DROP", "TABLE"}) && !tokens_.IsWord("FUNCTION", 2)) {
    statement->object = DropObject::kTable;
  } else if (tokens_.IsWords({"DROP", "VIEW"})) {
    statement->object = DropObject::kView;
  } else if (tokens_.IsWords({"DROP", "SCHEMA"})) {
    statement->object = DropObject::kSchema;
  } else {
    if (StatementPtr unsupported = ParseUnsupported()) return unsupported;
    return tokens_.Unexpected();
  }
  tokens_.Take();
  tokens_.Take();
  statement->if_exists = tokens_.TakeWords({"IF", "EXISTS"});
  BQCDC_ASSIGN_OR_RETURN(statement->name, ParseTablePath());
  if (statement->object != DropObject::kSchema) return statement;
  if (tokens_.TakeWord("CASCADE")) {
    statement->mode = DropMode::kCascade;
  } else if (tokens_.TakeWord("RESTRICT")) {
    statement->mode = DropMode::kRestrict;
  }
  return statement;
}

absl::StatusOr<StatementPtr> Parser::ParseAlterSchema() {
  auto statement = Make<AlterSchemaStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"ALTER", "SCHEMA"}));
  statement->if_exists = tokens_.TakeWords({"IF", "EXISTS"});
  BQCDC_ASSIGN_OR_RETURN(statement->name, ParseTablePath());
  do {
    AlterSchemaAction action;
    action.position = tokens_.position();
    if (tokens_.TakeWords({"SET", "OPTIONS"})) {
      BQCDC_ASSIGN_OR_RETURN(action.options, ParseOptions());
    } else if (tokens_.TakeWords({"SET", "DEFAULT", "COLLATE"})) {
      action.kind = AlterSchemaActionKind::kSetDefaultCollate;
      BQCDC_ASSIGN_OR_RETURN(action.text, ParseStringText());
    } else if (tokens_.IsWords({"ADD", "REPLICA"}) || tokens_.IsWords({"DROP", "REPLICA"})) {
      const bool add = tokens_.IsWord("ADD");
      action.kind = add ? AlterSchemaActionKind::kAddReplica : AlterSchemaActionKind::kDropReplica;
      tokens_.Take();
      tokens_.Take();
      BQCDC_ASSIGN_OR_RETURN(Identifier name, ParseName());
      action.text = std::move(name.text);
      if (add) BQCDC_RETURN_IF_ERROR(ParseOptionalOptions(action.options));
    } else {
      return tokens_.Unexpected();
    }
    statement->actions.push_back(std::move(action));
  } while (tokens_.TakeSymbol(","));
  return statement;
}

// Behind the word OPTIONS.
absl::StatusOr<OptionsList> Parser::ParseOptions() {
  OptionsList options;
  options.position = tokens_.position();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  while (!tokens_.IsSymbol(")")) {
    OptionEntry entry;
    BQCDC_ASSIGN_OR_RETURN(entry.name, ParseName());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    BQCDC_ASSIGN_OR_RETURN(entry.value, ParseExpression());
    options.entries.push_back(std::move(entry));
    if (tokens_.IsSymbol(")")) break;
    if (!tokens_.IsSymbol(",")) return tokens_.Expected("\")\" or \",\"");
    tokens_.Take();
    if (tokens_.IsSymbol(")")) return tokens_.Unexpected();
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return options;
}

absl::Status Parser::ParseOptionalOptions(std::optional<OptionsList>& options) {
  if (options.has_value() || !tokens_.TakeWord("OPTIONS")) return absl::OkStatus();
  BQCDC_ASSIGN_OR_RETURN(options, ParseOptions());
  return absl::OkStatus();
}

absl::Status Parser::ParseDefaultCollate(std::optional<std::string>& collate) {
  if (!tokens_.TakeWords({"DEFAULT", "COLLATE"})) return absl::OkStatus();
  BQCDC_ASSIGN_OR_RETURN(collate, ParseStringText());
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::sql
