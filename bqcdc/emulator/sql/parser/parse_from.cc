// FROM: tables, subqueries, UNNEST, table functions, joins.

#include <utility>

#include "bqcdc/emulator/sql/parser/lexer.h"
#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<TableExpressionPtr> Parser::ParseFrom() {
  const Nesting nesting(*this);
  BQCDC_RETURN_IF_ERROR(nesting.status());
  return ParseJoins();
}

absl::StatusOr<TableExpressionPtr> Parser::ParseJoins() {
  const Position start = tokens_.position();
  BQCDC_ASSIGN_OR_RETURN(TableExpressionPtr left, ParseTableFactor());
  JoinType type;
  while (ParseJoinType(type)) {
    BQCDC_RETURN_IF_ERROR(Deepen());
    auto join = MakeAt<JoinExpression>(start);
    join->type = type;
    join->left = std::move(left);
    BQCDC_ASSIGN_OR_RETURN(join->right, ParseTableFactor());
    if (type != JoinType::kComma) BQCDC_RETURN_IF_ERROR(ParseJoinCondition(*join));
    left = std::move(join);
  }
  if (tokens_.IsWord("NATURAL")) return SyntaxError("NATURAL JOIN is not supported", tokens_.position());
  return left;
}

// Takes the words of a join operator, or nothing.
bool Parser::ParseJoinType(JoinType& type) {
  struct Rule {
    std::string_view word;
    JoinType type;
  };
  static constexpr Rule kRules[] = {{"CROSS", JoinType::kCross},
                                    {"INNER", JoinType::kInner},
                                    {"LEFT", JoinType::kLeft},
                                    {"RIGHT", JoinType::kRight},
                                    {"FULL", JoinType::kFull}};
  if (tokens_.TakeSymbol(",")) {
    type = JoinType::kComma;
    return true;
  }
  if (tokens_.TakeWord("JOIN")) {
    type = JoinType::kInner;
    return true;
  }
  for (const Rule& rule : kRules) {
    if (tokens_.TakeWords({rule.word, "JOIN"}) || tokens_.TakeWords({rule.word, "OUTER", "JOIN"})) {
      type = rule.type;
      return true;
    }
  }
  return false;
}

absl::Status Parser::ParseJoinCondition(JoinExpression& join) {
  if (tokens_.TakeWord("ON")) {
    BQCDC_ASSIGN_OR_RETURN(join.on, ParseExpression());
  } else if (tokens_.TakeWord("USING")) {
    BQCDC_ASSIGN_OR_RETURN(join.columns, ParseNameList());
  }
  return absl::OkStatus();
}

absl::StatusOr<TableExpressionPtr> Parser::ParseTableFactor() {
  if (tokens_.IsSymbol("(")) return ParseParenthesizedTable();
  if (tokens_.IsWord("UNNEST")) return ParseUnnest();
  return ParseNamedTable();
}

// ( query ) or ( joins ). As with expressions, only the end of `((...)` tells which.
absl::StatusOr<TableExpressionPtr> Parser::ParseParenthesizedTable() {
  const Nesting nesting(*this);
  BQCDC_RETURN_IF_ERROR(nesting.status());
  const Position start = tokens_.position();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  if (tokens_.IsWord("SELECT") || tokens_.IsWord("WITH")) {
    BQCDC_ASSIGN_OR_RETURN(QueryPtr query, ParseQuery());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    return ParseTableQuery(std::move(query), start);
  }
  BQCDC_ASSIGN_OR_RETURN(TableExpressionPtr table, ParseJoins());
  const bool bare_query = table->kind == TableExpressionKind::kSubquery && !table->alias && !table->pivot &&
                          !table->unpivot && !table->sample;
  if (bare_query && (ContinuesQuery() || tokens_.IsSymbol(")"))) {
    auto nested = MakeAt<NestedQuery>(table->position);
    nested->query = std::move(As<TableSubquery>(*table).query);
    BQCDC_ASSIGN_OR_RETURN(QueryPtr query, ParseQueryFrom(std::move(nested), start));
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    return ParseTableQuery(std::move(query), start);
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return table;
}

absl::StatusOr<TableExpressionPtr> Parser::ParseTableQuery(QueryPtr query, const Position& start) {
  auto table = MakeAt<TableSubquery>(start);
  table->query = std::move(query);
  BQCDC_RETURN_IF_ERROR(ParseTableSuffixes(*table));
  return table;
}

absl::StatusOr<TableExpressionPtr> Parser::ParseUnnest() {
  auto unnest = Make<UnnestExpression>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("UNNEST"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  BQCDC_ASSIGN_OR_RETURN(unnest->array, ParseExpression());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  BQCDC_ASSIGN_OR_RETURN(unnest->alias, ParseAlias());
  BQCDC_ASSIGN_OR_RETURN(unnest->with_offset, ParseWithOffset());
  BQCDC_RETURN_IF_ERROR(ParseTableSuffixes(*unnest));
  return unnest;
}

absl::StatusOr<std::optional<WithOffset>> Parser::ParseWithOffset() {
  if (!tokens_.IsWords({"WITH", "OFFSET"})) return std::nullopt;
  WithOffset offset;
  offset.position = tokens_.position();
  tokens_.TakeWords({"WITH", "OFFSET"});
  BQCDC_ASSIGN_OR_RETURN(offset.alias, ParseAlias());
  return offset;
}

absl::StatusOr<TableExpressionPtr> Parser::ParseNamedTable() {
  const Position start = tokens_.position();
  BQCDC_ASSIGN_OR_RETURN(TablePath path, ParseTablePath());
  if (tokens_.TakeSymbol("(")) {
    auto function = MakeAt<TableFunction>(start);
    function->name = std::move(path.names);
    if (!tokens_.IsSymbol(")")) BQCDC_RETURN_IF_ERROR(ParseArguments(function->arguments));
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    BQCDC_RETURN_IF_ERROR(ParseTableSuffixes(*function));
    return function;
  }
  auto table = MakeAt<TableReference>(start);
  table->path = std::move(path);
  BQCDC_RETURN_IF_ERROR(ParseSystemTime(table->system_time));
  BQCDC_RETURN_IF_ERROR(ParseTableSuffixes(*table));
  BQCDC_RETURN_IF_ERROR(ParseSystemTime(table->system_time));
  BQCDC_ASSIGN_OR_RETURN(table->with_offset, ParseWithOffset());
  return table;
}

// FOR SYSTEM_TIME AS OF x, before or behind the alias.
absl::Status Parser::ParseSystemTime(ExpressionPtr& time) {
  if (time != nullptr || !tokens_.TakeWord("FOR")) return absl::OkStatus();
  if (!tokens_.TakeWord("SYSTEM_TIME")) BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"SYSTEM", "TIME"}));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"AS", "OF"}));
  BQCDC_ASSIGN_OR_RETURN(time, ParseExpression());
  return absl::OkStatus();
}

// [alias] [PIVOT(...) | UNPIVOT(...)] [TABLESAMPLE ...]
absl::Status Parser::ParseTableSuffixes(TableExpression& table) {
  const auto is_pivot = [&] { return tokens_.IsWord("PIVOT") && tokens_.IsSymbol("(", 1); };
  const auto is_unpivot = [&] {
    return tokens_.IsWord("UNPIVOT") && (tokens_.IsSymbol("(", 1) || tokens_.IsWord("NULLS", 2));
  };
  if (tokens_.IsWord("MATCH_RECOGNIZE") && tokens_.IsSymbol("(", 1)) {
    return SyntaxError("MATCH_RECOGNIZE is not supported", tokens_.position());
  }
  if (!table.alias && !is_pivot() && !is_unpivot()) {
    BQCDC_ASSIGN_OR_RETURN(table.alias, ParseAlias());
  }
  if (is_pivot()) {
    BQCDC_ASSIGN_OR_RETURN(table.pivot, ParsePivot());
  } else if (is_unpivot()) {
    BQCDC_ASSIGN_OR_RETURN(table.unpivot, ParseUnpivot());
  }
  if (tokens_.IsWord("TABLESAMPLE")) {
    BQCDC_ASSIGN_OR_RETURN(table.sample, ParseTableSample());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<TableSample>> Parser::ParseTableSample() {
  auto sample = Make<TableSample>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("TABLESAMPLE"));
  BQCDC_ASSIGN_OR_RETURN(sample->method, ParseName());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  BQCDC_ASSIGN_OR_RETURN(sample->size, ParseExpression());
  sample->percent = tokens_.TakeWord("PERCENT");
  if (!sample->percent) BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("ROWS"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return sample;
}

}  // namespace bqcdc::emulator::sql
