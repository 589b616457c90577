// Operators by precedence, loosest first: OR, AND, NOT, comparisons (IS, IN, BETWEEN, LIKE among them; they
// do not chain), |, ^, &, << >>, + -, ||, * /, unary + - ~, and behind an operand `.field` and `[index]`.

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/parser/lexer.h"
#include "bqcdc/emulator/sql/parser/limits.h"
#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {
namespace {

struct BinaryOperatorRule {
  std::string_view symbol;
  BinaryOperator op;
  int precedence;
};

constexpr int kPrecedenceMin = 1;

constexpr BinaryOperatorRule kBinaryOperators[] = {
    {"|", BinaryOperator::kBitOr, 1},       {"^", BinaryOperator::kBitXor, 2},
    {"&", BinaryOperator::kBitAnd, 3},      {"<<", BinaryOperator::kShiftLeft, 4},
    {">>", BinaryOperator::kShiftRight, 4}, {"+", BinaryOperator::kAdd, 5},
    {"-", BinaryOperator::kSubtract, 5},    {"||", BinaryOperator::kConcat, 6},
    {"*", BinaryOperator::kMultiply, 7},    {"/", BinaryOperator::kDivide, 7},
};

constexpr BinaryOperatorRule kComparisons[] = {
    {"=", BinaryOperator::kEqual, 0},           {"!=", BinaryOperator::kNotEqual, 0},
    {"<>", BinaryOperator::kLessGreater, 0},    {"<", BinaryOperator::kLess, 0},
    {"<=", BinaryOperator::kLessOrEqual, 0},    {">", BinaryOperator::kGreater, 0},
    {">=", BinaryOperator::kGreaterOrEqual, 0},
};

template <size_t N>
const BinaryOperatorRule* FindRule(const BinaryOperatorRule (&rules)[N], const Token& token) {
  if (token.kind != TokenKind::kSymbol) return nullptr;
  for (const BinaryOperatorRule& rule : rules) {
    if (rule.symbol == token.image) return &rule;
  }
  return nullptr;
}

}  // namespace

absl::Status Parser::Nesting::status() const {
  if (parser_.depth_ <= kNestingDepthMax) return absl::OkStatus();
  return base::InvalidArgument("Query is nested too deeply: more than ", kNestingDepthMax, " levels at ",
                               FormatPosition(parser_.tokens_.position()));
}

absl::Status Parser::Deepen() {
  if (++height_ <= kTreeHeightMax) return absl::OkStatus();
  return base::InvalidArgument("Expression is too long: more than ", kTreeHeightMax,
                               " operators in a row at ", FormatPosition(tokens_.position()));
}

absl::StatusOr<ExpressionPtr> Parser::ParseExpression() {
  const Nesting nesting(*this);
  BQCDC_RETURN_IF_ERROR(nesting.status());
  return ParseLogical(LogicalOperator::kOr);
}

absl::StatusOr<std::vector<ExpressionPtr>> Parser::ParseExpressionList() {
  std::vector<ExpressionPtr> list;
  do {
    BQCDC_ASSIGN_OR_RETURN(ExpressionPtr expression, ParseExpression());
    list.push_back(std::move(expression));
  } while (tokens_.TakeSymbol(","));
  return list;
}

absl::StatusOr<ExpressionPtr> Parser::ParseLogical(LogicalOperator op) {
  const bool is_or = op == LogicalOperator::kOr;
  const std::string_view word = is_or ? "OR" : "AND";
  auto logical = Make<LogicalExpression>();
  logical->op = op;
  do {
    const Beside beside(*this);
    BQCDC_ASSIGN_OR_RETURN(ExpressionPtr operand, is_or ? ParseLogical(LogicalOperator::kAnd) : ParseNot());
    logical->operands.push_back(std::move(operand));
  } while (tokens_.TakeWord(word));
  if (logical->operands.size() == 1) return std::move(logical->operands.front());
  return logical;
}

absl::StatusOr<ExpressionPtr> Parser::ParseNot() {
  if (!tokens_.IsWord("NOT")) return ParseComparison();
  const Nesting nesting(*this);
  BQCDC_RETURN_IF_ERROR(nesting.status());
  auto unary = Make<UnaryExpression>();
  unary->op = UnaryOperator::kNot;
  tokens_.Take();
  BQCDC_ASSIGN_OR_RETURN(unary->operand, ParseNot());
  return unary;
}

bool Parser::StartsComparison() const {
  if (FindRule(kComparisons, tokens_.Peek()) != nullptr) return true;
  const size_t ahead = tokens_.IsWord("NOT") ? 1 : 0;
  if (ahead == 0 && tokens_.IsWord("IS")) return true;
  return tokens_.IsWord("IN", ahead) || tokens_.IsWord("BETWEEN", ahead) || tokens_.IsWord("LIKE", ahead);
}

absl::StatusOr<ExpressionPtr> Parser::ParseComparison() {
  const Position start = tokens_.position();
  BQCDC_ASSIGN_OR_RETURN(ExpressionPtr left, ParseOperand());
  if (!StartsComparison()) return left;
  BQCDC_RETURN_IF_ERROR(Deepen());
  BQCDC_ASSIGN_OR_RETURN(ExpressionPtr comparison, ParseComparisonTail(std::move(left)));
  comparison->position = start;
  if (StartsComparison()) return tokens_.Unexpected();
  return comparison;
}

absl::StatusOr<ExpressionPtr> Parser::ParseComparisonTail(ExpressionPtr left) {
  if (const BinaryOperatorRule* rule = FindRule(kComparisons, tokens_.Peek())) {
    auto binary = Make<BinaryExpression>();
    tokens_.Take();
    binary->op = rule->op;
    binary->left = std::move(left);
    BQCDC_ASSIGN_OR_RETURN(binary->right, ParseOperand());
    return binary;
  }
  if (tokens_.TakeWord("IS")) return ParseIsTail(std::move(left));
  const bool negated = tokens_.TakeWord("NOT");
  if (tokens_.TakeWord("IN")) return ParseInTail(std::move(left), negated);
  if (tokens_.TakeWord("BETWEEN")) return ParseBetweenTail(std::move(left), negated);
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("LIKE"));
  return ParseLikeTail(std::move(left), negated);
}

absl::StatusOr<ExpressionPtr> Parser::ParseIsTail(ExpressionPtr left) {
  const bool negated = tokens_.TakeWord("NOT");
  if (tokens_.TakeWords({"DISTINCT", "FROM"})) {
    auto binary = Make<BinaryExpression>();
    binary->op = negated ? BinaryOperator::kIsNotDistinctFrom : BinaryOperator::kIsDistinctFrom;
    binary->left = std::move(left);
    BQCDC_ASSIGN_OR_RETURN(binary->right, ParseOperand());
    return binary;
  }
  auto test = Make<IsTestExpression>();
  test->negated = negated;
  test->operand = std::move(left);
  if (tokens_.TakeWord("NULL")) {
    test->test = IsTest::kNull;
  } else if (tokens_.TakeWord("TRUE")) {
    test->test = IsTest::kTrue;
  } else if (tokens_.TakeWord("FALSE")) {
    test->test = IsTest::kFalse;
  } else if (tokens_.TakeWord("UNKNOWN")) {
    test->test = IsTest::kUnknown;
  } else {
    return tokens_.Unexpected();
  }
  return test;
}

absl::StatusOr<ValueSet> Parser::ParseValueSet() {
  ValueSet set;
  set.position = tokens_.position();
  if (tokens_.TakeWord("UNNEST")) {
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
    BQCDC_ASSIGN_OR_RETURN(set.unnest, ParseExpression());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    return set;
  }
  if (!tokens_.IsSymbol("(")) return tokens_.Expected("\"(\" or keyword UNNEST");
  // (SELECT 1), ((SELECT 1) UNION ALL (SELECT 2)), ((SELECT 1), 2): read as an operand, then told apart.
  BQCDC_ASSIGN_OR_RETURN(ExpressionPtr operand, ParseParenthesized());
  if (auto* query = TryAs<SubqueryExpression>(*operand); query && query->mode == SubqueryMode::kScalar) {
    set.subquery = std::move(As<SubqueryExpression>(*operand).query);
  } else if (auto* tuple = TryAs<StructConstructor>(*operand); tuple && tuple->position == set.position) {
    for (StructConstructorField& field : As<StructConstructor>(*operand).fields) {
      set.list.push_back(std::move(field.value));
    }
  } else {
    set.list.push_back(std::move(operand));
  }
  return set;
}

absl::StatusOr<ExpressionPtr> Parser::ParseInTail(ExpressionPtr left, bool negated) {
  auto in = Make<InExpression>();
  in->negated = negated;
  in->operand = std::move(left);
  BQCDC_ASSIGN_OR_RETURN(in->set, ParseValueSet());
  return in;
}

absl::StatusOr<ExpressionPtr> Parser::ParseBetweenTail(ExpressionPtr left, bool negated) {
  auto between = Make<BetweenExpression>();
  between->negated = negated;
  between->operand = std::move(left);
  BQCDC_ASSIGN_OR_RETURN(between->low, ParseOperand());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("AND"));
  BQCDC_ASSIGN_OR_RETURN(between->high, ParseOperand());
  return between;
}

absl::StatusOr<ExpressionPtr> Parser::ParseLikeTail(ExpressionPtr left, bool negated) {
  auto like = Make<LikeExpression>();
  like->negated = negated;
  like->operand = std::move(left);
  if (tokens_.TakeWord("ANY") || tokens_.TakeWord("SOME")) {
    like->quantifier = LikeQuantifier::kAny;
  } else if (tokens_.TakeWord("ALL")) {
    like->quantifier = LikeQuantifier::kAll;
  }
  if (like->quantifier == LikeQuantifier::kNone) {
    BQCDC_ASSIGN_OR_RETURN(like->pattern, ParseOperand());
  } else {
    BQCDC_ASSIGN_OR_RETURN(like->patterns, ParseValueSet());
  }
  return like;
}

absl::StatusOr<ExpressionPtr> Parser::ParseOperand() { return ParseBinary(kPrecedenceMin); }

absl::StatusOr<ExpressionPtr> Parser::ParseBinary(int precedence_min) {
  const Position start = tokens_.position();
  BQCDC_ASSIGN_OR_RETURN(ExpressionPtr left, ParseUnary());
  while (const BinaryOperatorRule* rule = FindRule(kBinaryOperators, tokens_.Peek())) {
    if (rule->precedence < precedence_min) break;
    tokens_.Take();
    auto binary = MakeAt<BinaryExpression>(start);
    binary->op = rule->op;
    binary->left = std::move(left);
    {
      const Beside beside(*this);
      BQCDC_ASSIGN_OR_RETURN(binary->right, ParseBinary(rule->precedence + 1));
    }
    BQCDC_RETURN_IF_ERROR(Deepen());
    left = std::move(binary);
  }
  return left;
}

absl::StatusOr<ExpressionPtr> Parser::ParseUnary() {
  std::optional<UnaryOperator> op;
  if (tokens_.IsSymbol("-")) op = UnaryOperator::kMinus;
  if (tokens_.IsSymbol("+")) op = UnaryOperator::kPlus;
  if (tokens_.IsSymbol("~")) op = UnaryOperator::kBitNot;
  if (!op) return ParsePostfix();
  const Nesting nesting(*this);
  BQCDC_RETURN_IF_ERROR(nesting.status());
  auto unary = Make<UnaryExpression>();
  unary->op = *op;
  tokens_.Take();
  BQCDC_ASSIGN_OR_RETURN(unary->operand, ParseUnary());
  return unary;
}

absl::StatusOr<ExpressionPtr> Parser::ParsePostfix() {
  const Position start = tokens_.position();
  BQCDC_ASSIGN_OR_RETURN(ExpressionPtr operand, ParsePrimary());
  while (true) {
    if (tokens_.IsSymbol("[")) {
      BQCDC_ASSIGN_OR_RETURN(operand, ParseSubscript(std::move(operand)));
    } else if (tokens_.IsSymbol(".") && !tokens_.IsSymbol("*", 1)) {
      tokens_.Take();
      auto access = Make<FieldAccess>();
      BQCDC_ASSIGN_OR_RETURN(access->field, ParseMemberName());
      access->operand = std::move(operand);
      operand = std::move(access);
    } else {
      return operand;
    }
    operand->position = start;
    BQCDC_RETURN_IF_ERROR(Deepen());
  }
}

absl::StatusOr<ExpressionPtr> Parser::ParseSubscript(ExpressionPtr operand) {
  struct Accessor {
    std::string_view word;
    SubscriptMode mode;
  };
  static constexpr Accessor kAccessors[] = {{"OFFSET", SubscriptMode::kOffset},
                                            {"SAFE_OFFSET", SubscriptMode::kSafeOffset},
                                            {"ORDINAL", SubscriptMode::kOrdinal},
                                            {"SAFE_ORDINAL", SubscriptMode::kSafeOrdinal}};
  auto subscript = Make<SubscriptExpression>();
  subscript->operand = std::move(operand);
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("["));
  for (const Accessor& accessor : kAccessors) {
    if (tokens_.IsWord(accessor.word) && tokens_.IsSymbol("(", 1)) subscript->mode = accessor.mode;
  }
  if (subscript->mode != SubscriptMode::kPlain) {
    tokens_.Take();
    tokens_.Take();
  }
  BQCDC_ASSIGN_OR_RETURN(subscript->index, ParseExpression());
  if (subscript->mode != SubscriptMode::kPlain) BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("]"));
  return subscript;
}

}  // namespace bqcdc::emulator::sql
