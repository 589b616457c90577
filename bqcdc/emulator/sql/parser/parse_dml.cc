// INSERT, UPDATE, DELETE, MERGE, TRUNCATE
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax).

#include <utility>
#include <vector>

#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<StatementPtr> Parser::ParseInsert() {
  auto statement = Make<InsertStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("INSERT"));
  tokens_.TakeWord("INTO");
  BQCDC_ASSIGN_OR_RETURN(statement->table, ParseTablePath());
  if (tokens_.IsSymbol("(") && !StartsQuery()) {
    BQCDC_ASSIGN_OR_RETURN(statement->columns, ParseNameList());
  }
  if (tokens_.TakeWord("VALUES")) {
    do {
      BQCDC_ASSIGN_OR_RETURN(InsertRow row, ParseInsertRow());
      statement->rows.push_back(std::move(row));
    } while (tokens_.TakeSymbol(","));
    return statement;
  }
  if (!StartsQuery()) return tokens_.Unexpected();
  BQCDC_ASSIGN_OR_RETURN(statement->query, ParseQuery());
  return statement;
}

absl::StatusOr<InsertRow> Parser::ParseInsertRow() {
  InsertRow row;
  row.position = tokens_.position();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  do {
    BQCDC_ASSIGN_OR_RETURN(ExpressionPtr value, ParseValueOrDefault());
    row.values.push_back(std::move(value));
  } while (tokens_.TakeSymbol(","));
  if (!tokens_.IsSymbol(")")) return tokens_.Expected("\")\" or \",\"");
  tokens_.Take();
  return row;
}

absl::StatusOr<ExpressionPtr> Parser::ParseValueOrDefault() {
  if (!tokens_.IsWord("DEFAULT")) return ParseExpression();
  auto value = Make<DefaultExpression>();
  tokens_.Take();
  return value;
}

absl::StatusOr<StatementPtr> Parser::ParseUpdate() {
  auto statement = Make<UpdateStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("UPDATE"));
  BQCDC_ASSIGN_OR_RETURN(statement->table, ParseTablePath());
  BQCDC_ASSIGN_OR_RETURN(statement->alias, ParseAlias());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("SET"));
  BQCDC_ASSIGN_OR_RETURN(statement->items, ParseUpdateItems());
  if (tokens_.TakeWord("FROM")) {
    BQCDC_ASSIGN_OR_RETURN(statement->from, ParseFrom());
  }
  if (tokens_.TakeWord("WHERE")) {
    BQCDC_ASSIGN_OR_RETURN(statement->where, ParseExpression());
  }
  return statement;
}

absl::StatusOr<std::vector<UpdateItem>> Parser::ParseUpdateItems() {
  std::vector<UpdateItem> items;
  do {
    UpdateItem item;
    BQCDC_ASSIGN_OR_RETURN(item.column, ParsePath());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    BQCDC_ASSIGN_OR_RETURN(item.value, ParseValueOrDefault());
    items.push_back(std::move(item));
  } while (tokens_.TakeSymbol(","));
  return items;
}

absl::StatusOr<StatementPtr> Parser::ParseDelete() {
  auto statement = Make<DeleteStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("DELETE"));
  tokens_.TakeWord("FROM");
  BQCDC_ASSIGN_OR_RETURN(statement->table, ParseTablePath());
  BQCDC_ASSIGN_OR_RETURN(statement->alias, ParseAlias());
  if (tokens_.TakeWord("WHERE")) {
    BQCDC_ASSIGN_OR_RETURN(statement->where, ParseExpression());
  }
  return statement;
}

absl::StatusOr<StatementPtr> Parser::ParseMerge() {
  auto statement = Make<MergeStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("MERGE"));
  tokens_.TakeWord("INTO");
  BQCDC_ASSIGN_OR_RETURN(statement->target, ParseTablePath());
  BQCDC_ASSIGN_OR_RETURN(statement->alias, ParseAlias());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("USING"));
  BQCDC_ASSIGN_OR_RETURN(statement->source, ParseTableFactor());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("ON"));
  BQCDC_ASSIGN_OR_RETURN(statement->on, ParseExpression());
  do {
    BQCDC_ASSIGN_OR_RETURN(MergeClause clause, ParseMergeClause());
    statement->clauses.push_back(std::move(clause));
  } while (tokens_.IsWord("WHEN"));
  return statement;
}

absl::StatusOr<MergeClause> Parser::ParseMergeClause() {
  MergeClause clause;
  clause.position = tokens_.position();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("WHEN"));
  if (tokens_.TakeWords({"NOT", "MATCHED"})) {
    clause.match = MergeMatch::kNotMatchedByTarget;
    if (tokens_.TakeWords({"BY", "SOURCE"})) {
      clause.match = MergeMatch::kNotMatchedBySource;
    } else {
      tokens_.TakeWords({"BY", "TARGET"});
    }
  } else {
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("MATCHED"));
  }
  if (tokens_.TakeWord("AND")) {
    BQCDC_ASSIGN_OR_RETURN(clause.condition, ParseExpression());
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("THEN"));
  clause.action_position = tokens_.position();
  BQCDC_RETURN_IF_ERROR(ParseMergeAction(clause));
  return clause;
}

absl::Status Parser::ParseMergeAction(MergeClause& clause) {
  if (tokens_.TakeWord("DELETE")) return absl::OkStatus();
  if (tokens_.TakeWord("UPDATE")) {
    clause.action = MergeActionKind::kUpdate;
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("SET"));
    BQCDC_ASSIGN_OR_RETURN(clause.items, ParseUpdateItems());
    return absl::OkStatus();
  }
  if (!tokens_.TakeWord("INSERT")) return tokens_.Unexpected();
  clause.action = MergeActionKind::kInsert;
  if (tokens_.IsSymbol("(")) {
    BQCDC_ASSIGN_OR_RETURN(clause.columns, ParseNameList());
  }
  clause.values.position = tokens_.position();
  if (tokens_.TakeWord("ROW")) {
    clause.action = MergeActionKind::kInsertRow;
    return absl::OkStatus();
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("VALUES"));
  BQCDC_ASSIGN_OR_RETURN(clause.values, ParseInsertRow());
  return absl::OkStatus();
}

absl::StatusOr<StatementPtr> Parser::ParseTruncate() {
  auto statement = Make<TruncateStatement>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"TRUNCATE", "TABLE"}));
  BQCDC_ASSIGN_OR_RETURN(statement->table, ParseTablePath());
  return statement;
}

}  // namespace bqcdc::emulator::sql
