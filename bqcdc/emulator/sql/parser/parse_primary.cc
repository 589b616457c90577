// Operands: literals, parameters, names, and the expressions that begin with a word of their own.

#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/parser/lexer.h"
#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {
namespace {

// Types whose literals are written TYPE 'text'.
constexpr std::string_view kLiteralTypes[] = {"DATE",    "DATETIME", "TIME",       "TIMESTAMP", "NUMERIC",
                                              "DECIMAL", "JSON",     "BIGNUMERIC", "BIGDECIMAL"};

// Reserved words that are also names of functions.
constexpr std::string_view kReservedFunctions[] = {"IF", "LEFT", "RIGHT", "GROUPING", "COLLATE", "RANGE"};

bool IsOneOf(const Token& token, const auto& words) {
  for (const std::string_view word : words) {
    if (absl::EqualsIgnoreCase(base::ToAbsl(token.image), base::ToAbsl(word))) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<ExpressionPtr> Parser::ParsePrimary() {
  switch (tokens_.Peek().kind) {
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return ParseNumber();
    case TokenKind::kString: {
      auto literal = Make<StringLiteral>();
      literal->value = tokens_.Take().value;
      return literal;
    }
    case TokenKind::kBytes: {
      auto literal = Make<BytesLiteral>();
      literal->value = tokens_.Take().value;
      return literal;
    }
    case TokenKind::kSymbol:
      break;
    case TokenKind::kReserved:
      return ParseReservedPrimary();
    case TokenKind::kIdentifier:
      if (tokens_.IsWord("SAFE_CAST") && tokens_.IsSymbol("(", 1)) return ParseCast();
      if (StartsTypedLiteral()) return ParseTypedLiteral();
      return ParseNameOrCall();
    case TokenKind::kQuotedIdentifier:
      return ParseNameOrCall();
    case TokenKind::kEnd:
      return tokens_.Unexpected();
  }
  if (tokens_.IsSymbol("(")) return ParseParenthesized();
  if (tokens_.IsSymbol("[")) return ParseArray();
  return ParseParameter();
}

absl::StatusOr<ExpressionPtr> Parser::ParseReservedPrimary() {
  if (tokens_.IsWord("NULL")) {
    auto literal = Make<NullLiteral>();
    tokens_.Take();
    return literal;
  }
  if (tokens_.IsWord("TRUE") || tokens_.IsWord("FALSE")) {
    auto literal = Make<BoolLiteral>();
    literal->value = tokens_.IsWord("TRUE");
    tokens_.Take();
    return literal;
  }
  if (tokens_.IsWord("CASE")) return ParseCase();
  if (tokens_.IsWord("CAST")) return ParseCast();
  if (tokens_.IsWord("EXTRACT")) return ParseExtract();
  if (tokens_.IsWord("INTERVAL")) return ParseInterval();
  if (tokens_.IsWord("ARRAY")) return ParseArray();
  if (tokens_.IsWord("STRUCT")) return ParseStruct();
  if (tokens_.IsWord("WITH") && tokens_.IsSymbol("(", 1)) return ParseWithExpression();
  if (tokens_.IsWord("RANGE") && tokens_.IsSymbol("<", 1)) return ParseTypedLiteral();
  if (tokens_.IsWord("EXISTS")) {
    const Position start = tokens_.position();
    tokens_.Take();
    return ParseSubquery(SubqueryMode::kExists, start);
  }
  if (IsOneOf(tokens_.Peek(), kReservedFunctions) && tokens_.IsSymbol("(", 1)) {
    const Token& word = tokens_.Take();
    return ParseCall({Identifier{std::string(word.image), word.position, false}});
  }
  return tokens_.Unexpected();
}

absl::StatusOr<ExpressionPtr> Parser::ParseNumber() {
  const Position position = tokens_.position();
  const Token& number = tokens_.Take();
  const TokenKind next = tokens_.Peek().kind;
  const bool is_word = next == TokenKind::kIdentifier || next == TokenKind::kReserved;
  if (is_word && tokens_.IsAdjacent(0)) {
    return SyntaxError("Missing whitespace between literal and alias", tokens_.position());
  }
  if (number.kind == TokenKind::kInteger) {
    auto literal = MakeAt<IntLiteral>(position);
    literal->text = std::string(number.image);
    return literal;
  }
  auto literal = MakeAt<FloatLiteral>(position);
  literal->text = std::string(number.image);
  return literal;
}

absl::StatusOr<ExpressionPtr> Parser::ParseParameter() {
  const Position position = tokens_.position();
  if (tokens_.TakeSymbol("?")) {
    auto parameter = MakeAt<PositionalParameter>(position);
    parameter->index = positional_parameter_count_++;
    return parameter;
  }
  if (tokens_.TakeSymbol("@@")) {
    auto variable = MakeAt<SystemVariable>(position);
    BQCDC_ASSIGN_OR_RETURN(variable->name, ParsePath());
    return variable;
  }
  if (tokens_.TakeSymbol("@")) {
    auto parameter = MakeAt<NamedParameter>(position);
    BQCDC_ASSIGN_OR_RETURN(Identifier name, ParseMemberName());
    parameter->name = std::move(name.text);
    return parameter;
  }
  return tokens_.Unexpected();
}

absl::StatusOr<ExpressionPtr> Parser::ParseNameOrCall() {
  auto path = Make<PathExpression>();
  BQCDC_ASSIGN_OR_RETURN(path->names, ParsePath());
  if (!tokens_.IsSymbol("(")) return path;
  BQCDC_ASSIGN_OR_RETURN(std::vector<Identifier> name, SplitQuotedPath(std::move(path->names)));
  return ParseCall(std::move(name));
}

absl::StatusOr<ExpressionPtr> Parser::ParseCase() {
  auto node = Make<CaseExpression>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("CASE"));
  if (!tokens_.IsWord("WHEN")) {
    BQCDC_ASSIGN_OR_RETURN(node->operand, ParseExpression());
  }
  do {
    CaseBranch branch;
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("WHEN"));
    BQCDC_ASSIGN_OR_RETURN(branch.when, ParseExpression());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("THEN"));
    BQCDC_ASSIGN_OR_RETURN(branch.then, ParseExpression());
    node->branches.push_back(std::move(branch));
  } while (tokens_.IsWord("WHEN"));
  if (tokens_.TakeWord("ELSE")) {
    BQCDC_ASSIGN_OR_RETURN(node->otherwise, ParseExpression());
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("END"));
  return node;
}

absl::StatusOr<ExpressionPtr> Parser::ParseCast() {
  auto cast = Make<CastExpression>();
  cast->safe = tokens_.IsWord("SAFE_CAST");
  tokens_.Take();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  BQCDC_ASSIGN_OR_RETURN(cast->operand, ParseExpression());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("AS"));
  BQCDC_ASSIGN_OR_RETURN(cast->type, ParseType());
  if (tokens_.TakeWord("FORMAT")) {
    BQCDC_ASSIGN_OR_RETURN(cast->format, ParseExpression());
    if (tokens_.TakeWords({"AT", "TIME", "ZONE"})) {
      BQCDC_ASSIGN_OR_RETURN(cast->time_zone, ParseExpression());
    }
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return cast;
}

absl::StatusOr<DatePart> Parser::ParseDatePart() {
  DatePart part;
  BQCDC_ASSIGN_OR_RETURN(part.name, ParseName());
  if (tokens_.TakeSymbol("(")) {
    BQCDC_ASSIGN_OR_RETURN(part.weekday, ParseName());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  }
  return part;
}

absl::StatusOr<ExpressionPtr> Parser::ParseExtract() {
  auto extract = Make<ExtractExpression>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("EXTRACT"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  BQCDC_ASSIGN_OR_RETURN(extract->part, ParseDatePart());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("FROM"));
  BQCDC_ASSIGN_OR_RETURN(extract->operand, ParseExpression());
  if (tokens_.TakeWords({"AT", "TIME", "ZONE"})) {
    BQCDC_ASSIGN_OR_RETURN(extract->time_zone, ParseExpression());
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return extract;
}

absl::StatusOr<ExpressionPtr> Parser::ParseInterval() {
  auto interval = Make<IntervalExpression>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("INTERVAL"));
  BQCDC_ASSIGN_OR_RETURN(interval->value, ParseExpression());
  BQCDC_ASSIGN_OR_RETURN(interval->from, ParseDatePart());
  if (tokens_.TakeWord("TO")) {
    BQCDC_ASSIGN_OR_RETURN(interval->to, ParseDatePart());
  }
  return interval;
}

bool Parser::StartsTypedLiteral() const {
  return tokens_.Peek(1).kind == TokenKind::kString && IsOneOf(tokens_.Peek(), kLiteralTypes);
}

absl::StatusOr<ExpressionPtr> Parser::ParseTypedLiteral() {
  auto literal = Make<TypedLiteral>();
  BQCDC_ASSIGN_OR_RETURN(literal->type, ParseType());
  literal->value_position = tokens_.position();
  BQCDC_ASSIGN_OR_RETURN(literal->value, ParseStringText());
  return literal;
}

absl::StatusOr<ExpressionPtr> Parser::ParseWithExpression() {
  auto with = Make<WithExpression>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("WITH"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  while (tokens_.IsName() && tokens_.IsWord("AS", 1)) {
    WithExpression::Binding binding;
    BQCDC_ASSIGN_OR_RETURN(binding.name, ParseName());
    tokens_.Take();
    BQCDC_ASSIGN_OR_RETURN(binding.value, ParseExpression());
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(","));
    with->bindings.push_back(std::move(binding));
  }
  if (with->bindings.empty()) return tokens_.Unexpected();
  BQCDC_ASSIGN_OR_RETURN(with->result, ParseExpression());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return with;
}

}  // namespace bqcdc::emulator::sql
