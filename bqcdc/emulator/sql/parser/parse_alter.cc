// ALTER TABLE, ALTER VIEW and their actions.

#include <string>
#include <utility>

#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<StatementPtr> Parser::ParseAlterTable() {
  auto statement = Make<AlterTableStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("ALTER"));
  statement->is_view = tokens_.TakeWord("VIEW");
  if (!statement->is_view) BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("TABLE"));
  statement->if_exists = tokens_.TakeWords({"IF", "EXISTS"});
  BQCDC_ASSIGN_OR_RETURN(statement->name, ParseTablePath());
  do {
    const Position position = tokens_.position();
    BQCDC_ASSIGN_OR_RETURN(AlterTableActionPtr action, ParseAlterTableAction());
    action->position = position;
    statement->actions.push_back(std::move(action));
  } while (tokens_.TakeSymbol(","));
  return statement;
}

absl::StatusOr<AlterTableActionPtr> Parser::ParseAlterTableAction() {
  if (tokens_.TakeWord("SET")) return ParseAlterSet();
  if (tokens_.TakeWord("ADD")) return ParseAlterAdd();
  if (tokens_.TakeWord("DROP")) return ParseAlterDrop();
  if (tokens_.TakeWord("RENAME")) return ParseAlterRename();
  if (tokens_.TakeWord("ALTER")) return ParseAlterColumn();
  return tokens_.Unexpected();
}

absl::StatusOr<AlterTableActionPtr> Parser::ParseAlterSet() {
  if (tokens_.TakeWord("OPTIONS")) {
    auto action = std::make_unique<SetOptionsAction>();
    BQCDC_ASSIGN_OR_RETURN(action->options, ParseOptions());
    return action;
  }
  if (tokens_.TakeWords({"DEFAULT", "COLLATE"})) {
    auto action = std::make_unique<SetDefaultCollateAction>();
    BQCDC_ASSIGN_OR_RETURN(action->collate, ParseStringText());
    return action;
  }
  return tokens_.Expected("keyword DEFAULT or keyword OPTIONS");
}

absl::StatusOr<AlterTableActionPtr> Parser::ParseAlterAdd() {
  if (tokens_.TakeWord("COLUMN")) {
    auto action = std::make_unique<AddColumnAction>();
    action->if_not_exists = tokens_.TakeWords({"IF", "NOT", "EXISTS"});
    BQCDC_ASSIGN_OR_RETURN(action->column, ParseColumnDefinition());
    return action;
  }
  std::optional<Identifier> name;
  bool if_not_exists = false;
  if (tokens_.TakeWord("CONSTRAINT")) {
    if_not_exists = tokens_.TakeWords({"IF", "NOT", "EXISTS"});
    BQCDC_ASSIGN_OR_RETURN(name, ParseName());
  }
  if (tokens_.IsWord("PRIMARY")) {
    auto action = std::make_unique<AddPrimaryKeyAction>();
    BQCDC_ASSIGN_OR_RETURN(action->primary_key, ParsePrimaryKey(std::move(name)));
    return action;
  }
  if (tokens_.IsWord("FOREIGN")) {
    auto action = std::make_unique<AddForeignKeyAction>();
    action->if_not_exists = if_not_exists;
    BQCDC_ASSIGN_OR_RETURN(action->foreign_key, ParseForeignKey(std::move(name)));
    return action;
  }
  return tokens_.Unexpected();
}

absl::StatusOr<AlterTableActionPtr> Parser::ParseAlterDrop() {
  if (tokens_.TakeWord("COLUMN")) {
    auto action = std::make_unique<DropColumnAction>();
    action->if_exists = tokens_.TakeWords({"IF", "EXISTS"});
    BQCDC_ASSIGN_OR_RETURN(action->column, ParseName());
    return action;
  }
  if (tokens_.TakeWords({"PRIMARY", "KEY"})) {
    auto action = std::make_unique<DropPrimaryKeyAction>();
    action->if_exists = tokens_.TakeWords({"IF", "EXISTS"});
    return action;
  }
  if (tokens_.TakeWord("CONSTRAINT")) {
    auto action = std::make_unique<DropConstraintAction>();
    action->if_exists = tokens_.TakeWords({"IF", "EXISTS"});
    BQCDC_ASSIGN_OR_RETURN(action->name, ParseName());
    return action;
  }
  return tokens_.Unexpected();
}

absl::StatusOr<AlterTableActionPtr> Parser::ParseAlterRename() {
  if (tokens_.TakeWord("TO")) {
    auto action = std::make_unique<RenameToAction>();
    BQCDC_ASSIGN_OR_RETURN(action->new_name, ParseName());
    return action;
  }
  if (!tokens_.TakeWord("COLUMN")) return tokens_.Expected("keyword COLUMN or keyword TO");
  auto action = std::make_unique<RenameColumnAction>();
  action->if_exists = tokens_.TakeWords({"IF", "EXISTS"});
  BQCDC_ASSIGN_OR_RETURN(action->column, ParseName());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("TO"));
  BQCDC_ASSIGN_OR_RETURN(action->new_name, ParseName());
  return action;
}

absl::StatusOr<AlterTableActionPtr> Parser::ParseAlterColumn() {
  auto action = std::make_unique<AlterColumnAction>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("COLUMN"));
  action->if_exists = tokens_.TakeWords({"IF", "EXISTS"});
  BQCDC_ASSIGN_OR_RETURN(action->column, ParseName());
  if (tokens_.TakeWords({"DROP", "NOT", "NULL"})) {
    action->change = AlterColumnChange::kDropNotNull;
  } else if (tokens_.TakeWords({"DROP", "DEFAULT"})) {
    action->change = AlterColumnChange::kDropDefault;
  } else if (tokens_.TakeWords({"SET", "DATA", "TYPE"})) {
    action->change = AlterColumnChange::kSetDataType;
    BQCDC_ASSIGN_OR_RETURN(action->data_type, ParseColumnType());
    if (tokens_.TakeWord("COLLATE")) {
      BQCDC_ASSIGN_OR_RETURN(action->data_type->collate, ParseStringText());
    }
  } else if (tokens_.TakeWords({"SET", "DEFAULT"})) {
    action->change = AlterColumnChange::kSetDefault;
    BQCDC_ASSIGN_OR_RETURN(action->default_value, ParseExpression());
  } else if (tokens_.TakeWords({"SET", "OPTIONS"})) {
    action->change = AlterColumnChange::kSetOptions;
    BQCDC_ASSIGN_OR_RETURN(action->options, ParseOptions());
  } else {
    return tokens_.Unexpected();
  }
  return action;
}

}  // namespace bqcdc::emulator::sql
