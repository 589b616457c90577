// Parentheses, tuples, subqueries, arrays and structs.

#include <utility>

#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

// ( ... ): a subquery, a tuple, or an expression. Behind `((` only the end of the inner parentheses tells: a
// query goes on with UNION, ORDER BY and the like.
absl::StatusOr<ExpressionPtr> Parser::ParseParenthesized() {
  const Position start = tokens_.position();
  if (tokens_.IsSymbol("(", 0) && (tokens_.IsWord("SELECT", 1) || tokens_.IsWord("WITH", 1)) &&
      !(tokens_.IsWord("WITH", 1) && tokens_.IsSymbol("(", 2))) {
    return ParseSubquery(SubqueryMode::kScalar, start);
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  BQCDC_ASSIGN_OR_RETURN(ExpressionPtr expression, ParseExpression());
  const auto* subquery = TryAs<SubqueryExpression>(*expression);
  if (subquery != nullptr && subquery->mode == SubqueryMode::kScalar && ContinuesQuery()) {
    auto nested = MakeAt<NestedQuery>(expression->position);
    nested->query = std::move(As<SubqueryExpression>(*expression).query);
    auto whole = MakeAt<SubqueryExpression>(start);
    BQCDC_ASSIGN_OR_RETURN(whole->query, ParseQueryFrom(std::move(nested), start));
    expression = std::move(whole);
  } else if (tokens_.IsSymbol(",")) {
    return ParseTuple(std::move(expression), start);
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return expression;
}

absl::StatusOr<ExpressionPtr> Parser::ParseTuple(ExpressionPtr first, const Position& start) {
  auto tuple = MakeAt<StructConstructor>(start);
  tuple->form = StructForm::kTuple;
  tuple->fields.push_back({std::move(first), std::nullopt});
  while (tokens_.TakeSymbol(",")) {
    BQCDC_ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
    tuple->fields.push_back({std::move(value), std::nullopt});
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return tuple;
}

absl::StatusOr<ExpressionPtr> Parser::ParseSubquery(SubqueryMode mode, const Position& start) {
  auto subquery = MakeAt<SubqueryExpression>(start);
  subquery->mode = mode;
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  BQCDC_ASSIGN_OR_RETURN(subquery->query, ParseQuery());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return subquery;
}

// [a, b], ARRAY[a, b], ARRAY<T>[a, b], ARRAY(SELECT ...).
absl::StatusOr<ExpressionPtr> Parser::ParseArray() {
  auto array = Make<ArrayConstructor>();
  if (tokens_.IsWord("ARRAY")) {
    array->keyword = true;
    if (tokens_.IsSymbol("(", 1)) {
      tokens_.Take();
      return ParseSubquery(SubqueryMode::kArray, array->position);
    }
    if (tokens_.IsSymbol("<", 1)) {
      BQCDC_ASSIGN_OR_RETURN(array->type, ParseType());
    } else {
      tokens_.Take();
    }
  }
  return ParseArrayElements(std::move(array));
}

absl::StatusOr<ExpressionPtr> Parser::ParseArrayElements(std::unique_ptr<ArrayConstructor> array) {
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("["));
  if (!tokens_.IsSymbol("]")) {
    BQCDC_ASSIGN_OR_RETURN(array->elements, ParseExpressionList());
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("]"));
  return array;
}

// STRUCT(a AS x, b), STRUCT<x INT64>(a).
absl::StatusOr<ExpressionPtr> Parser::ParseStruct() {
  auto node = Make<StructConstructor>();
  if (tokens_.IsSymbol("<", 1) || tokens_.IsSymbol("<>", 1)) {
    node->form = StructForm::kTyped;
    BQCDC_ASSIGN_OR_RETURN(node->type, ParseType());
  } else {
    tokens_.Take();
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  while (!tokens_.IsSymbol(")")) {
    StructConstructorField field;
    BQCDC_ASSIGN_OR_RETURN(field.value, ParseExpression());
    if (tokens_.IsWord("AS")) {
      BQCDC_ASSIGN_OR_RETURN(field.alias, ParseAlias());
    }
    node->fields.push_back(std::move(field));
    if (tokens_.IsSymbol(")")) break;
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(","));
    if (tokens_.IsSymbol(")")) return tokens_.Unexpected();
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return node;
}

}  // namespace bqcdc::emulator::sql
