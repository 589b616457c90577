// Queries: WITH, set operations, ORDER BY, LIMIT.

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "bqcdc/emulator/sql/parser/lexer.h"
#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

bool Parser::StartsQuery() const {
  size_t ahead = 0;
  while (tokens_.IsSymbol("(", ahead)) ++ahead;
  return tokens_.IsWord("SELECT", ahead) ||
         (tokens_.IsWord("WITH", ahead) && !tokens_.IsSymbol("(", ahead + 1));
}

// What may follow a parenthesised query that is only the first part of a larger one.
bool Parser::ContinuesQuery() const {
  return StartsSetOperator() || tokens_.IsWords({"ORDER", "BY"}) || tokens_.IsWord("LIMIT");
}

absl::StatusOr<QueryPtr> Parser::ParseQuery() {
  const Nesting nesting(*this);
  BQCDC_RETURN_IF_ERROR(nesting.status());
  return ParseQueryFrom(nullptr, tokens_.position());
}

absl::StatusOr<QueryPtr> Parser::ParseQueryFrom(QueryExpressionPtr first, const Position& start) {
  auto query = MakeAt<Query>(start);
  if (first == nullptr && tokens_.IsWord("WITH")) BQCDC_RETURN_IF_ERROR(ParseWithEntries(*query));
  BQCDC_ASSIGN_OR_RETURN(query->body, ParseQueryExpression(std::move(first)));
  if (tokens_.IsWord("ORDER")) {
    BQCDC_ASSIGN_OR_RETURN(query->order_by, ParseOrderByItems());
  }
  if (tokens_.TakeWord("LIMIT")) {
    BQCDC_ASSIGN_OR_RETURN(query->limit, ParseExpression());
    if (tokens_.TakeWord("OFFSET")) {
      BQCDC_ASSIGN_OR_RETURN(query->offset, ParseExpression());
    }
  }
  if (tokens_.IsSymbol("|>")) return SyntaxError("Pipe operators are not supported", tokens_.position());
  return query;
}

absl::Status Parser::ParseWithEntries(Query& query) {
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("WITH"));
  query.recursive = tokens_.TakeWord("RECURSIVE");
  do {
    WithEntry entry;
    BQCDC_ASSIGN_OR_RETURN(entry.name, ParseName());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("AS"));
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
    BQCDC_ASSIGN_OR_RETURN(entry.query, ParseQuery());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    query.with.push_back(std::move(entry));
  } while (tokens_.TakeSymbol(","));
  return absl::OkStatus();
}

// UNION, or FULL OUTER UNION and the like: joins begin with the same words.
bool Parser::StartsSetOperator() const {
  size_t ahead = 0;
  if (tokens_.IsWord("FULL") || tokens_.IsWord("LEFT") || tokens_.IsWord("INNER")) {
    ahead = tokens_.IsWord("OUTER", 1) ? 2 : 1;
  }
  return tokens_.IsWord("UNION", ahead) || tokens_.IsWord("INTERSECT", ahead) ||
         tokens_.IsWord("EXCEPT", ahead);
}

absl::StatusOr<QueryExpressionPtr> Parser::ParseQueryExpression(QueryExpressionPtr first) {
  auto operation = Make<SetOperation>();
  if (first == nullptr) {
    BQCDC_ASSIGN_OR_RETURN(first, ParseQueryPrimary());
  }
  if (!StartsSetOperator()) return first;
  operation->position = first->position;
  operation->inputs.push_back(std::move(first));
  BQCDC_RETURN_IF_ERROR(ParseSetOperator(*operation));
  while (true) {
    BQCDC_ASSIGN_OR_RETURN(QueryExpressionPtr input, ParseQueryPrimary());
    operation->inputs.push_back(std::move(input));
    if (!StartsSetOperator()) return operation;
    SetOperation next;
    const Position position = tokens_.position();
    BQCDC_RETURN_IF_ERROR(ParseSetOperator(next));
    const bool same_modifier = next.modifier.has_value() == operation->modifier.has_value() &&
                               (!next.modifier || next.modifier->text == operation->modifier->text);
    if (next.op != operation->op || next.distinct != operation->distinct || !same_modifier) {
      return SyntaxError(
          "Different set operations cannot be used in the same query without using parentheses for grouping",
          position);
    }
  }
}

absl::Status Parser::ParseSetOperator(SetOperation& operation) {
  Identifier modifier{"", tokens_.position(), false};
  const auto take_modifier = [&](const Token& word) {
    if (modifier.text.empty()) modifier.position = word.position;
    modifier.text += (modifier.text.empty() ? "" : " ") + absl::AsciiStrToUpper(std::string(word.image));
  };
  while (tokens_.IsWord("FULL") || tokens_.IsWord("LEFT") || tokens_.IsWord("INNER") ||
         tokens_.IsWord("OUTER")) {
    take_modifier(tokens_.Take());
  }
  if (tokens_.TakeWord("UNION")) {
    operation.op = SetOperator::kUnion;
  } else if (tokens_.TakeWord("INTERSECT")) {
    operation.op = SetOperator::kIntersect;
  } else {
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("EXCEPT"));
    operation.op = SetOperator::kExcept;
  }
  operation.distinct = tokens_.IsWord("DISTINCT");
  if (!tokens_.TakeWord("ALL") && !tokens_.TakeWord("DISTINCT")) {
    return tokens_.Expected("keyword ALL or keyword DISTINCT");
  }
  while (tokens_.IsWord("STRICT") || tokens_.IsWord("CORRESPONDING") || tokens_.IsWords({"BY", "NAME"})) {
    if (tokens_.IsWord("BY")) take_modifier(tokens_.Take());
    take_modifier(tokens_.Take());
  }
  if (!modifier.text.empty()) operation.modifier = std::move(modifier);
  return absl::OkStatus();
}

absl::StatusOr<QueryExpressionPtr> Parser::ParseQueryPrimary() {
  if (tokens_.IsWord("SELECT")) return ParseSelect();
  if (!tokens_.IsSymbol("(")) return tokens_.Expected("\"(\" or keyword SELECT");
  auto nested = Make<NestedQuery>();
  tokens_.Take();
  BQCDC_ASSIGN_OR_RETURN(nested->query, ParseQuery());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return nested;
}

}  // namespace bqcdc::emulator::sql
