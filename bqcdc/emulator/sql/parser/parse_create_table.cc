// CREATE TABLE: columns, constraints, partitioning, clustering, options
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_table_statement).

#include <string>
#include <utility>

#include "bqcdc/emulator/sql/parser/lexer.h"
#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

// Behind CREATE ... TABLE.
absl::StatusOr<StatementPtr> Parser::ParseCreateTable(bool or_replace, bool temporary) {
  auto statement = Make<CreateTableStatement>();
  statement->or_replace = or_replace;
  statement->temporary = temporary;
  statement->if_not_exists = tokens_.TakeWords({"IF", "NOT", "EXISTS"});
  BQCDC_ASSIGN_OR_RETURN(statement->name, ParseTablePath());
  if (tokens_.IsSymbol("(")) BQCDC_RETURN_IF_ERROR(ParseTableElements(*statement));
  BQCDC_RETURN_IF_ERROR(ParseTableSource(*statement));
  BQCDC_RETURN_IF_ERROR(ParseDefaultCollate(statement->default_collate));
  BQCDC_RETURN_IF_ERROR(ParsePhysicalClauses(*statement));
  BQCDC_RETURN_IF_ERROR(ParseOptionalOptions(statement->options));
  if (tokens_.TakeWord("AS")) {
    BQCDC_ASSIGN_OR_RETURN(statement->query, ParseQuery());
  }
  return statement;
}

absl::Status Parser::ParseTableElements(CreateTableStatement& statement) {
  statement.has_column_list = true;
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  while (!tokens_.IsSymbol(")")) {
    BQCDC_RETURN_IF_ERROR(ParseTableElement(statement));
    if (tokens_.TakeSymbol(",")) continue;  // a comma may stand behind the last one
    if (!tokens_.IsSymbol(")")) return tokens_.Expected("\")\" or \",\"");
  }
  return tokens_.ExpectSymbol(")");
}

absl::Status Parser::ParseTableElement(CreateTableStatement& statement) {
  std::optional<Identifier> name;
  const bool named =
      tokens_.IsWord("CONSTRAINT") && tokens_.IsName(1) &&
      (tokens_.IsWord("PRIMARY", 2) || tokens_.IsWord("FOREIGN", 2) || tokens_.IsWord("CHECK", 2));
  if (named) {
    tokens_.Take();
    BQCDC_ASSIGN_OR_RETURN(name, ParseName());
  }
  if (tokens_.IsWords({"PRIMARY", "KEY"}) && tokens_.IsSymbol("(", 2)) {
    BQCDC_ASSIGN_OR_RETURN(PrimaryKeyConstraint key, ParsePrimaryKey(std::move(name)));
    statement.primary_keys.push_back(std::move(key));
    return absl::OkStatus();
  }
  if (tokens_.IsWords({"FOREIGN", "KEY"}) && tokens_.IsSymbol("(", 2)) {
    BQCDC_ASSIGN_OR_RETURN(ForeignKeyConstraint key, ParseForeignKey(std::move(name)));
    statement.foreign_keys.push_back(std::move(key));
    return absl::OkStatus();
  }
  if (tokens_.IsWord("CHECK") && tokens_.IsSymbol("(", 1)) {
    return SyntaxError("CHECK constraints are not supported", tokens_.position());
  }
  BQCDC_ASSIGN_OR_RETURN(ColumnDefinition column, ParseColumnDefinition());
  statement.columns.push_back(std::move(column));
  return absl::OkStatus();
}

absl::Status Parser::ParseTableSource(CreateTableStatement& statement) {
  if (tokens_.TakeWord("LIKE")) {
    statement.source_kind = TableSource::kLike;
  } else if (tokens_.TakeWord("COPY")) {
    statement.source_kind = TableSource::kCopy;
  } else if (tokens_.TakeWord("CLONE")) {
    statement.source_kind = TableSource::kClone;
  } else {
    return absl::OkStatus();
  }
  BQCDC_ASSIGN_OR_RETURN(statement.source, ParseTablePath());
  return ParseSystemTime(statement.source_time);
}

absl::Status Parser::ParsePhysicalClauses(CreateTableStatement& statement) {
  const Position partition_position = tokens_.position();
  if (tokens_.TakeWords({"PARTITION", "BY"})) {
    statement.partition_by_position = partition_position;
    BQCDC_ASSIGN_OR_RETURN(statement.partition_by, ParseExpressionList());
  }
  const Position cluster_position = tokens_.position();
  if (tokens_.TakeWords({"CLUSTER", "BY"})) {
    statement.cluster_by_position = cluster_position;
    BQCDC_ASSIGN_OR_RETURN(statement.cluster_by, ParseExpressionList());
  }
  return absl::OkStatus();
}

absl::StatusOr<ColumnDefinition> Parser::ParseColumnDefinition() {
  ColumnDefinition column;
  BQCDC_ASSIGN_OR_RETURN(column.name, ParseName());
  BQCDC_ASSIGN_OR_RETURN(column.type, ParseColumnType());
  BQCDC_RETURN_IF_ERROR(ParseColumnAttributes(*column.type, column.attributes));
  return column;
}

absl::Status Parser::ParseColumnAttributes(TypeName& type, ColumnAttributes& attributes) {
  while (true) {
    BQCDC_ASSIGN_OR_RETURN(const bool found, ParseColumnAttribute(type, attributes));
    if (!found) return absl::OkStatus();
  }
}

// One attribute, each at most once; false if none follows.
absl::StatusOr<bool> Parser::ParseColumnAttribute(TypeName& type, ColumnAttributes& attributes) {
  const Position position = tokens_.position();
  if (!attributes.not_null && tokens_.TakeWords({"NOT", "NULL"})) {
    attributes.not_null = true;
    attributes.not_null_position = position;
  } else if (!attributes.primary_key && tokens_.TakeWords({"PRIMARY", "KEY"})) {
    attributes.primary_key = true;
    attributes.primary_key_position = position;
    attributes.enforced = ParseEnforced();
  } else if (!attributes.references && tokens_.IsWord("REFERENCES")) {
    BQCDC_ASSIGN_OR_RETURN(attributes.references, ParseReferences());
    if (ParseEnforced()) attributes.enforced = true;
  } else if (!attributes.default_value && tokens_.TakeWord("DEFAULT")) {
    BQCDC_ASSIGN_OR_RETURN(attributes.default_value, ParseExpression());
  } else if (!attributes.generated && tokens_.TakeWords({"GENERATED", "ALWAYS", "AS"})) {
    BQCDC_ASSIGN_OR_RETURN(attributes.generated, ParseParenthesized());
  } else if (!type.collate && tokens_.TakeWord("COLLATE")) {
    BQCDC_ASSIGN_OR_RETURN(type.collate, ParseStringText());
  } else if (!attributes.options && tokens_.IsWord("OPTIONS")) {
    BQCDC_RETURN_IF_ERROR(ParseOptionalOptions(attributes.options));
  } else {
    return false;
  }
  return true;
}

bool Parser::ParseEnforced() {
  if (tokens_.TakeWords({"NOT", "ENFORCED"})) return false;
  tokens_.TakeWord("ENFORCED");
  return true;
}

absl::StatusOr<PrimaryKeyConstraint> Parser::ParsePrimaryKey(std::optional<Identifier> name) {
  PrimaryKeyConstraint key;
  key.position = tokens_.position();
  key.name = std::move(name);
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"PRIMARY", "KEY"}));
  BQCDC_ASSIGN_OR_RETURN(key.columns, ParseNameList());
  key.enforced = ParseEnforced();
  return key;
}

absl::StatusOr<ForeignKeyConstraint> Parser::ParseForeignKey(std::optional<Identifier> name) {
  ForeignKeyConstraint key;
  key.position = tokens_.position();
  key.name = std::move(name);
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"FOREIGN", "KEY"}));
  BQCDC_ASSIGN_OR_RETURN(key.columns, ParseNameList());
  BQCDC_ASSIGN_OR_RETURN(key.references, ParseReferences());
  key.enforced = ParseEnforced();
  return key;
}

absl::StatusOr<ForeignKeyReference> Parser::ParseReferences() {
  ForeignKeyReference reference;
  reference.position = tokens_.position();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("REFERENCES"));
  BQCDC_ASSIGN_OR_RETURN(reference.table, ParseTablePath());
  BQCDC_ASSIGN_OR_RETURN(reference.columns, ParseNameList());
  return reference;
}

}  // namespace bqcdc::emulator::sql
