// Function calls with everything that may stand inside and behind their parentheses.

#include <utility>
#include <vector>

#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<ExpressionPtr> Parser::ParseCall(std::vector<Identifier> name) {
  auto call = MakeAt<FunctionCall>(name.front().position);
  call->name = std::move(name);
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  if (tokens_.TakeSymbol("*")) {
    call->star = true;
  } else {
    if (!tokens_.TakeWord("ALL")) call->distinct = tokens_.TakeWord("DISTINCT");
    if (call->distinct || !tokens_.IsSymbol(")")) BQCDC_RETURN_IF_ERROR(ParseArguments(call->arguments));
  }
  BQCDC_RETURN_IF_ERROR(ParseAggregateModifiers(*call));
  if (!tokens_.IsSymbol(")")) {
    return call->arguments.empty() ? tokens_.Unexpected() : tokens_.Expected("\")\" or \",\"");
  }
  tokens_.Take();
  if (tokens_.TakeWord("OVER")) {
    BQCDC_ASSIGN_OR_RETURN(call->over, ParseOver());
  }
  return call;
}

absl::Status Parser::ParseArguments(std::vector<FunctionArgument>& arguments) {
  do {
    BQCDC_ASSIGN_OR_RETURN(FunctionArgument argument, ParseArgument());
    arguments.push_back(std::move(argument));
  } while (tokens_.TakeSymbol(","));
  return absl::OkStatus();
}

absl::StatusOr<FunctionArgument> Parser::ParseArgument() {
  FunctionArgument argument;
  argument.position = tokens_.position();
  if (tokens_.IsName() && tokens_.IsSymbol("=>", 1)) {
    BQCDC_ASSIGN_OR_RETURN(argument.name, ParseName());
    tokens_.Take();
  }
  if ((tokens_.IsWord("TABLE") || tokens_.IsWord("MODEL")) && tokens_.IsName(1)) {
    const bool is_table = tokens_.IsWord("TABLE");
    tokens_.Take();
    BQCDC_ASSIGN_OR_RETURN(TablePath path, ParseTablePath());
    (is_table ? argument.table : argument.model) = std::make_unique<TablePath>(std::move(path));
    return argument;
  }
  BQCDC_ASSIGN_OR_RETURN(argument.value, ParseExpression());
  if (tokens_.IsSymbol("->")) {
    BQCDC_ASSIGN_OR_RETURN(argument.value, ParseLambda(std::move(argument.value)));
  }
  return argument;
}

// x -> body, (x, y) -> body. What stands before the arrow was read as an expression.
absl::StatusOr<ExpressionPtr> Parser::ParseLambda(ExpressionPtr parameters) {
  auto lambda = MakeAt<LambdaExpression>(parameters->position);
  const auto append = [&](const Expression& parameter) {
    const auto* path = TryAs<PathExpression>(parameter);
    if (path == nullptr || path->names.size() != 1) return false;
    lambda->parameters.push_back(path->names.front());
    return true;
  };
  if (const auto* tuple = TryAs<StructConstructor>(*parameters); tuple && tuple->form == StructForm::kTuple) {
    for (const StructConstructorField& field : tuple->fields) {
      if (!append(*field.value)) return tokens_.Unexpected();
    }
  } else if (!append(*parameters)) {
    return tokens_.Unexpected();
  }
  tokens_.Take();
  BQCDC_ASSIGN_OR_RETURN(lambda->body, ParseExpression());
  return lambda;
}

// [IGNORE|RESPECT NULLS] [HAVING MAX|MIN x] [ORDER BY ...] [LIMIT n]
absl::Status Parser::ParseAggregateModifiers(FunctionCall& call) {
  if (tokens_.TakeWords({"IGNORE", "NULLS"})) call.nulls = NullHandling::kIgnore;
  if (tokens_.TakeWords({"RESPECT", "NULLS"})) call.nulls = NullHandling::kRespect;
  if (tokens_.TakeWord("HAVING")) {
    HavingModifier having;
    having.max = tokens_.IsWord("MAX");
    if (!tokens_.TakeWord("MAX") && !tokens_.TakeWord("MIN"))
      return tokens_.Expected("keyword MAX or keyword MIN");
    BQCDC_ASSIGN_OR_RETURN(having.expression, ParseExpression());
    call.having = std::move(having);
  }
  if (tokens_.IsWords({"ORDER", "BY"})) {
    BQCDC_ASSIGN_OR_RETURN(call.order_by, ParseOrderByItems());
  }
  if (tokens_.TakeWord("LIMIT")) {
    BQCDC_ASSIGN_OR_RETURN(call.limit, ParseExpression());
  }
  return absl::OkStatus();
}

absl::StatusOr<WindowSpecification> Parser::ParseOver() {
  if (tokens_.IsSymbol("(")) return ParseWindowSpecification();
  WindowSpecification window;
  window.position = tokens_.position();
  window.parenthesized = false;
  if (!tokens_.IsName()) return tokens_.Expected("\"(\" or identifier");
  BQCDC_ASSIGN_OR_RETURN(window.base_name, ParseName());
  return window;
}

absl::StatusOr<WindowSpecification> Parser::ParseWindowSpecification() {
  WindowSpecification window;
  window.position = tokens_.position();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  if (tokens_.IsName()) {
    BQCDC_ASSIGN_OR_RETURN(window.base_name, ParseName());
  }
  if (tokens_.TakeWord("PARTITION")) {
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("BY"));
    BQCDC_ASSIGN_OR_RETURN(window.partition_by, ParseExpressionList());
  }
  if (tokens_.IsWord("ORDER")) {
    BQCDC_ASSIGN_OR_RETURN(window.order_by, ParseOrderByItems());
  }
  if (tokens_.IsWord("ROWS") || tokens_.IsWord("RANGE")) {
    BQCDC_ASSIGN_OR_RETURN(window.frame, ParseWindowFrame());
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return window;
}

absl::StatusOr<WindowFrame> Parser::ParseWindowFrame() {
  WindowFrame frame;
  frame.position = tokens_.position();
  frame.unit = tokens_.IsWord("ROWS") ? FrameUnit::kRows : FrameUnit::kRange;
  tokens_.Take();
  const bool between = tokens_.TakeWord("BETWEEN");
  BQCDC_ASSIGN_OR_RETURN(frame.start, ParseFrameBound());
  if (between) {
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("AND"));
    BQCDC_ASSIGN_OR_RETURN(frame.end, ParseFrameBound());
  }
  return frame;
}

absl::StatusOr<FrameBound> Parser::ParseFrameBound() {
  FrameBound bound;
  bound.position = tokens_.position();
  if (tokens_.TakeWord("CURRENT")) {
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("ROW"));
    return bound;
  }
  const bool unbounded = tokens_.TakeWord("UNBOUNDED");
  if (!unbounded) {
    BQCDC_ASSIGN_OR_RETURN(bound.offset, ParseOperand());
  }
  if (tokens_.TakeWord("PRECEDING")) {
    bound.kind = unbounded ? FrameBoundKind::kUnboundedPreceding : FrameBoundKind::kPreceding;
  } else if (tokens_.TakeWord("FOLLOWING")) {
    bound.kind = unbounded ? FrameBoundKind::kUnboundedFollowing : FrameBoundKind::kFollowing;
  } else {
    return tokens_.Expected("keyword FOLLOWING or keyword PRECEDING");
  }
  return bound;
}

absl::StatusOr<std::vector<OrderByItem>> Parser::ParseOrderByItems() {
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWords({"ORDER", "BY"}));
  std::vector<OrderByItem> items;
  do {
    BQCDC_ASSIGN_OR_RETURN(OrderByItem item, ParseOrderByItem());
    items.push_back(std::move(item));
  } while (tokens_.TakeSymbol(","));
  return items;
}

absl::StatusOr<OrderByItem> Parser::ParseOrderByItem() {
  OrderByItem item;
  item.position = tokens_.position();
  BQCDC_ASSIGN_OR_RETURN(item.expression, ParseExpression());
  if (tokens_.TakeWord("COLLATE")) {
    BQCDC_ASSIGN_OR_RETURN(item.collate, ParseOperand());
  }
  if (!tokens_.TakeWord("ASC")) item.descending = tokens_.TakeWord("DESC");
  if (tokens_.TakeWord("NULLS")) {
    if (tokens_.TakeWord("FIRST")) {
      item.nulls = NullOrder::kFirst;
    } else if (tokens_.TakeWord("LAST")) {
      item.nulls = NullOrder::kLast;
    } else {
      return tokens_.Expected("keyword FIRST or keyword LAST");
    }
  }
  return item;
}

}  // namespace bqcdc::emulator::sql
