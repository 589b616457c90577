// Queries: WITH, set operations, ORDER BY, LIMIT.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "bqcdc/base/strings.h"
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
  } else if (tokens_.IsWord("OUTER")) {
    ahead = 1;
  }
  return tokens_.IsWord("UNION", ahead) || tokens_.IsWord("INTERSECT", ahead) ||
         tokens_.IsWord("EXCEPT", ahead);
}

namespace {

absl::Status CheckSameMatching(const std::optional<MatchByName>& first,
                               const std::optional<MatchByName>& next, const Position& position) {
  constexpr const char* kEnd = " cannot be used in the same query without using parentheses for grouping at ";
  if (first.has_value() != next.has_value() ||
      (first && (first->matching != next->matching || first->corresponding != next->corresponding))) {
    return base::InvalidArgument("Different set operation modifiers", kEnd, FormatPosition(position));
  }
  if (!first) return absl::OkStatus();
  const auto same_name = [](const Identifier& a, const Identifier& b) {
    return absl::EqualsIgnoreCase(a.text, b.text);
  };
  if (std::equal(first->columns.begin(), first->columns.end(), next->columns.begin(), next->columns.end(),
                 same_name)) {
    return absl::OkStatus();
  }
  return base::InvalidArgument("Different ", first->corresponding ? "CORRESPONDING BY" : "BY NAME ON",
                               " lists", kEnd, FormatPosition(position));
}

}  // namespace

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
    if (next.op != operation->op || next.distinct != operation->distinct) {
      return SyntaxError(
          "Different set operations cannot be used in the same query without using parentheses for grouping",
          position);
    }
    BQCDC_RETURN_IF_ERROR(CheckSameMatching(operation->by_name, next.by_name, position));
  }
}

absl::Status Parser::ParseSetOperator(SetOperation& operation) {
  const Position start = tokens_.position();
  std::optional<NameMatching> mode;
  const char* mode_text = "";
  if (tokens_.TakeWord("INNER")) {
    mode = NameMatching::kInner;
    mode_text = "INNER";
  } else if (tokens_.TakeWord("LEFT")) {
    mode = NameMatching::kLeft;
    mode_text = "LEFT";
    tokens_.TakeWord("OUTER");
  } else if (tokens_.TakeWords({"FULL", "OUTER"}) || tokens_.TakeWord("FULL") || tokens_.TakeWord("OUTER")) {
    mode = NameMatching::kFull;
    mode_text = "FULL";
  }
  operation.op_position = tokens_.position();
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
  MatchByName match;
  const Position match_position = tokens_.position();
  const bool strict = tokens_.TakeWord("STRICT");
  if (strict && mode)
    return SyntaxError("STRICT cannot be used with outer mode in set operations", match_position);
  if (tokens_.IsWord("CORRESPONDING")) {
    match.corresponding = true;
    match.matching = mode.value_or(strict ? NameMatching::kStrict : NameMatching::kInner);
    tokens_.Take();
  } else if (!strict && tokens_.IsWords({"BY", "NAME"})) {
    match.matching = mode.value_or(NameMatching::kStrict);
    tokens_.Take();
    tokens_.Take();
  } else if (strict) {
    return tokens_.Expected("keyword CORRESPONDING");
  } else if (mode) {
    return base::InvalidArgument(mode_text, " in set operations cannot be used without CORRESPONDING at ",
                                 FormatPosition(start));
  } else {
    return absl::OkStatus();
  }
  if (tokens_.TakeWord(match.corresponding ? "BY" : "ON")) {
    BQCDC_ASSIGN_OR_RETURN(match.columns, ParseNameList());
  }
  operation.by_name = std::move(match);
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
