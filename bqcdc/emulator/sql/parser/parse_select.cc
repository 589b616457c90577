// SELECT ... FROM ... WHERE ... GROUP BY ... HAVING ... QUALIFY ... WINDOW.

#include <utility>

#include "bqcdc/emulator/sql/parser/lexer.h"
#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<QueryExpressionPtr> Parser::ParseSelect() {
  auto select = Make<Select>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("SELECT"));
  BQCDC_RETURN_IF_ERROR(ParseSelectModifiers(*select));
  do {
    if (!select->items.empty() && EndsSelectList()) break;  // a comma may stand behind the last item
    BQCDC_ASSIGN_OR_RETURN(SelectItem item, ParseSelectItem());
    select->items.push_back(std::move(item));
  } while (tokens_.TakeSymbol(","));
  if (tokens_.TakeWord("FROM")) {
    BQCDC_ASSIGN_OR_RETURN(select->from, ParseFrom());
  }
  if (tokens_.TakeWord("WHERE")) {
    BQCDC_ASSIGN_OR_RETURN(select->where, ParseExpression());
  }
  if (tokens_.IsWord("GROUP")) {
    BQCDC_ASSIGN_OR_RETURN(select->group_by, ParseGroupBy());
  }
  if (tokens_.TakeWord("HAVING")) {
    BQCDC_ASSIGN_OR_RETURN(select->having, ParseExpression());
  }
  if (tokens_.TakeWord("QUALIFY")) {
    BQCDC_ASSIGN_OR_RETURN(select->qualify, ParseExpression());
  }
  if (tokens_.TakeWord("WINDOW")) {
    do {
      BQCDC_ASSIGN_OR_RETURN(NamedWindow window, ParseNamedWindow());
      select->windows.push_back(std::move(window));
    } while (tokens_.TakeSymbol(","));
  }
  return select;
}

absl::Status Parser::ParseSelectModifiers(Select& select) {
  if (tokens_.IsWord("WITH") && !tokens_.IsSymbol("(", 1)) {
    return SyntaxError("SELECT WITH is not supported", tokens_.position());
  }
  if (!tokens_.TakeWord("ALL")) select.distinct = tokens_.TakeWord("DISTINCT");
  if (!tokens_.TakeWord("AS")) return absl::OkStatus();
  if (tokens_.TakeWord("STRUCT")) {
    select.as = SelectAs::kStruct;
  } else if (tokens_.TakeWord("VALUE")) {
    select.as = SelectAs::kValue;
  } else {
    select.as = SelectAs::kTypeName;
    BQCDC_ASSIGN_OR_RETURN(select.as_type, ParsePath());
  }
  return absl::OkStatus();
}

bool Parser::EndsSelectList() const {
  if (tokens_.AtEnd() || tokens_.IsSymbol(")") || tokens_.IsSymbol(";")) return true;
  for (const char* word : {"FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT", "UNION",
                           "INTERSECT", "EXCEPT"}) {
    if (tokens_.IsWord(word)) return true;
  }
  return false;
}

absl::StatusOr<SelectItem> Parser::ParseSelectItem() {
  SelectItem item;
  item.position = tokens_.position();
  if (tokens_.TakeSymbol("*")) {
    item.kind = SelectItemKind::kStar;
    BQCDC_RETURN_IF_ERROR(ParseStarModifiers(item));
    return item;
  }
  BQCDC_ASSIGN_OR_RETURN(item.expression, ParseExpression());
  if (tokens_.IsSymbol(".") && tokens_.IsSymbol("*", 1)) {
    tokens_.Take();
    tokens_.Take();
    item.kind = SelectItemKind::kQualifiedStar;
    BQCDC_RETURN_IF_ERROR(ParseStarModifiers(item));
    return item;
  }
  BQCDC_ASSIGN_OR_RETURN(item.alias, ParseAlias());
  return item;
}

absl::Status Parser::ParseStarModifiers(SelectItem& item) {
  if (tokens_.IsWord("EXCEPT") && tokens_.IsSymbol("(", 1)) {
    tokens_.Take();
    BQCDC_ASSIGN_OR_RETURN(item.except, ParseNameList());
  }
  if (!tokens_.IsWord("REPLACE") || !tokens_.IsSymbol("(", 1)) return absl::OkStatus();
  tokens_.Take();
  tokens_.Take();
  do {
    StarReplacement replacement;
    BQCDC_ASSIGN_OR_RETURN(replacement.expression, ParseExpression());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("AS"));
    BQCDC_ASSIGN_OR_RETURN(replacement.name, ParseName());
    item.replace.push_back(std::move(replacement));
  } while (tokens_.TakeSymbol(","));
  return tokens_.ExpectSymbol(")");
}

absl::StatusOr<GroupByClause> Parser::ParseGroupBy() {
  GroupByClause clause;
  clause.position = tokens_.position();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"GROUP", "BY"}));
  if (tokens_.TakeWord("ALL")) {
    clause.all = true;
    return clause;
  }
  do {
    BQCDC_ASSIGN_OR_RETURN(GroupingItem item, ParseGroupingItem());
    clause.items.push_back(std::move(item));
  } while (tokens_.TakeSymbol(","));
  return clause;
}

absl::StatusOr<GroupingItem> Parser::ParseGroupingItem() {
  const Nesting nesting(*this);
  BQCDC_RETURN_IF_ERROR(nesting.status());
  GroupingItem item;
  item.position = tokens_.position();
  if (tokens_.IsSymbol("(") && tokens_.IsSymbol(")", 1)) {
    tokens_.Take();
    tokens_.Take();
    item.kind = GroupingItemKind::kEmpty;
    return item;
  }
  if (tokens_.IsWord("ROLLUP") || tokens_.IsWord("CUBE")) {
    item.kind = tokens_.IsWord("CUBE") ? GroupingItemKind::kCube : GroupingItemKind::kRollup;
    tokens_.Take();
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
    BQCDC_ASSIGN_OR_RETURN(item.expressions, ParseExpressionList());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    return item;
  }
  if (tokens_.TakeWords({"GROUPING", "SETS"})) {
    item.kind = GroupingItemKind::kGroupingSets;
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
    do {
      BQCDC_ASSIGN_OR_RETURN(GroupingItem set, ParseGroupingItem());
      item.items.push_back(std::move(set));
    } while (tokens_.TakeSymbol(","));
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    return item;
  }
  BQCDC_ASSIGN_OR_RETURN(ExpressionPtr expression, ParseExpression());
  item.expressions.push_back(std::move(expression));
  if (tokens_.IsWord("AS")) {
    BQCDC_ASSIGN_OR_RETURN(item.alias, ParseAlias());
  }
  return item;
}

absl::StatusOr<NamedWindow> Parser::ParseNamedWindow() {
  NamedWindow window;
  BQCDC_ASSIGN_OR_RETURN(window.name, ParseName());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("AS"));
  BQCDC_ASSIGN_OR_RETURN(window.window, ParseOver());
  return window;
}

}  // namespace bqcdc::emulator::sql
