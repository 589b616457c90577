// Names, literals, operators, constructors.

#include <string_view>

#include "absl/strings/ascii.h"
#include "bqcdc/emulator/sql/parser/keywords.h"
#include "bqcdc/emulator/sql/parser/literal_text.h"
#include "bqcdc/emulator/sql/parser/unparser_impl.h"
#include "bqcdc/schema/reserved_keywords.h"

namespace bqcdc::emulator::sql {
namespace {

// How tightly an expression binds: the parser's precedence, for parentheses.
enum Level : int { kOr, kAnd, kNot, kComparison, kOperand, kUnary = kOperand + 7, kPrimary };

struct OperatorText {
  std::string_view text;
  int level;
};

OperatorText TextOf(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kEqual:
      return {"=", kComparison};
    case BinaryOperator::kNotEqual:
      return {"!=", kComparison};
    case BinaryOperator::kLessGreater:
      return {"<>", kComparison};
    case BinaryOperator::kLess:
      return {"<", kComparison};
    case BinaryOperator::kLessOrEqual:
      return {"<=", kComparison};
    case BinaryOperator::kGreater:
      return {">", kComparison};
    case BinaryOperator::kGreaterOrEqual:
      return {">=", kComparison};
    case BinaryOperator::kIsDistinctFrom:
      return {"IS DISTINCT FROM", kComparison};
    case BinaryOperator::kIsNotDistinctFrom:
      return {"IS NOT DISTINCT FROM", kComparison};
    case BinaryOperator::kBitOr:
      return {"|", kOperand};
    case BinaryOperator::kBitXor:
      return {"^", kOperand + 1};
    case BinaryOperator::kBitAnd:
      return {"&", kOperand + 2};
    case BinaryOperator::kShiftLeft:
      return {"<<", kOperand + 3};
    case BinaryOperator::kShiftRight:
      return {">>", kOperand + 3};
    case BinaryOperator::kAdd:
      return {"+", kOperand + 4};
    case BinaryOperator::kSubtract:
      return {"-", kOperand + 4};
    case BinaryOperator::kConcat:
      return {"||", kOperand + 5};
    case BinaryOperator::kMultiply:
      return {"*", kOperand + 6};
    case BinaryOperator::kDivide:
      return {"/", kOperand + 6};
  }
  return {"", kPrimary};
}

int LevelOf(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::kLogical:
      return As<LogicalExpression>(expression).op == LogicalOperator::kOr ? kOr : kAnd;
    case ExpressionKind::kUnary:
      return As<UnaryExpression>(expression).op == UnaryOperator::kNot ? kNot : kUnary;
    case ExpressionKind::kBinary:
      return TextOf(As<BinaryExpression>(expression).op).level;
    case ExpressionKind::kIsTest:
    case ExpressionKind::kIn:
    case ExpressionKind::kBetween:
    case ExpressionKind::kLike:
      return kComparison;
    default:
      return kPrimary;
  }
}

// Names that mean something else without their backquotes.
bool NeedsQuotes(const Identifier& name, bool first) {
  const std::string_view text = name.text;
  if (text.empty() || (first && absl::ascii_isdigit(text[0]))) return true;
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && c != '_') return true;
  }
  if (!name.quoted) return false;
  return schema::IsReservedKeyword(text) || IsNonReservedKeyword(text) || text.ends_with("ORDINAL") ||
         text.starts_with("SAFE_") || text.ends_with("ordinal") || text.starts_with("safe_");
}

}  // namespace

void Unparser::WriteName(const Identifier& name, bool first) {
  if (!NeedsQuotes(name, first)) return Add(name.text);
  const std::string quoted = QuoteIdentifier(name.text);
  if (quoted.front() == '`') return Add(quoted);
  text_ += '`' + quoted + '`';
}

void Unparser::WritePath(const std::vector<Identifier>& names) {
  bool first = true;
  for (const Identifier& name : names) {
    if (!first) Add(".");
    WriteName(name, first);
    first = false;
  }
}

void Unparser::WriteNames(const std::vector<Identifier>& names) {
  Add("(");
  Join(names, [&](const Identifier& name) { WriteName(name); });
  Add(")");
}

void Unparser::WriteAlias(const std::optional<Identifier>& alias) {
  if (!alias) return;
  Add(" AS ");
  WriteName(*alias);
}

void Unparser::WriteOptional(std::string_view prefix, const ExpressionPtr& expression) {
  if (expression == nullptr) return;
  Add(prefix);
  Write(*expression);
}

void Unparser::WriteList(const std::vector<ExpressionPtr>& expressions) {
  Join(expressions, [&](const ExpressionPtr& expression) { Write(*expression); });
}

void Unparser::Write(const Expression& expression) { WriteAt(expression, kOr); }

void Unparser::WriteOperand(const Expression& expression) { WriteAt(expression, kOperand); }

void Unparser::WritePrimary(const Expression& expression) {
  // A dot behind a number would be its decimal point.
  const bool number =
      expression.kind == ExpressionKind::kIntLiteral || expression.kind == ExpressionKind::kFloatLiteral;
  if (number) Add("(");
  WriteAt(expression, kPrimary);
  if (number) Add(")");
}

void Unparser::WriteAt(const Expression& expression, int level) {
  const int own = LevelOf(expression);
  const bool parentheses = own < level || (options_.all_parentheses && own != kPrimary);
  if (parentheses) Add("(");
  WriteBare(expression);
  if (parentheses) Add(")");
}

void Unparser::WriteBare(const Expression& e) {
  switch (e.kind) {
    case ExpressionKind::kNullLiteral:
      return Add("NULL");
    case ExpressionKind::kBoolLiteral:
      return Add(As<BoolLiteral>(e).value ? "TRUE" : "FALSE");
    case ExpressionKind::kIntLiteral:
      return Add(As<IntLiteral>(e).text);
    case ExpressionKind::kFloatLiteral:
      return Add(As<FloatLiteral>(e).text);
    case ExpressionKind::kStringLiteral:
      return Add(QuoteString(As<StringLiteral>(e).value));
    case ExpressionKind::kBytesLiteral:
      return Add(QuoteBytes(As<BytesLiteral>(e).value));
    case ExpressionKind::kTypedLiteral:
      Write(*As<TypedLiteral>(e).type);
      Add(" ");
      return Add(QuoteString(As<TypedLiteral>(e).value));
    case ExpressionKind::kInterval:
      return WriteInterval(As<IntervalExpression>(e));
    case ExpressionKind::kDefault:
      return Add("DEFAULT");
    case ExpressionKind::kNamedParameter:
      Add("@");
      return WriteName({As<NamedParameter>(e).name, e.position, false}, /*first=*/false);
    case ExpressionKind::kPositionalParameter:
      return Add("?");
    case ExpressionKind::kSystemVariable:
      Add("@@");
      return WritePath(As<SystemVariable>(e).name);
    case ExpressionKind::kPath:
      return WritePath(As<PathExpression>(e).names);
    case ExpressionKind::kFieldAccess:
      return WriteFieldAccess(As<FieldAccess>(e));
    case ExpressionKind::kSubscript:
      return WriteSubscript(As<SubscriptExpression>(e));
    case ExpressionKind::kUnary:
      return WriteUnary(As<UnaryExpression>(e));
    case ExpressionKind::kBinary:
      return WriteBinary(As<BinaryExpression>(e));
    case ExpressionKind::kLogical:
      return WriteLogical(As<LogicalExpression>(e));
    case ExpressionKind::kIsTest:
      return WriteIsTest(As<IsTestExpression>(e));
    case ExpressionKind::kIn:
      WriteAt(*As<InExpression>(e).operand, kOperand);
      Add(As<InExpression>(e).negated ? " NOT IN " : " IN ");
      return WriteValueSet(As<InExpression>(e).set);
    case ExpressionKind::kBetween:
      WriteAt(*As<BetweenExpression>(e).operand, kOperand);
      Add(As<BetweenExpression>(e).negated ? " NOT BETWEEN " : " BETWEEN ");
      WriteAt(*As<BetweenExpression>(e).low, kOperand);
      Add(" AND ");
      return WriteAt(*As<BetweenExpression>(e).high, kOperand);
    case ExpressionKind::kLike:
      return WriteLike(As<LikeExpression>(e));
    case ExpressionKind::kCase:
      return WriteCase(As<CaseExpression>(e));
    case ExpressionKind::kFunctionCall:
      return WriteCall(As<FunctionCall>(e));
    case ExpressionKind::kLambda:
      return WriteLambda(As<LambdaExpression>(e));
    case ExpressionKind::kCast:
      return WriteCast(As<CastExpression>(e));
    case ExpressionKind::kExtract:
      Add("EXTRACT(");
      WriteDatePart(As<ExtractExpression>(e).part);
      WriteOptional(" FROM ", As<ExtractExpression>(e).operand);
      WriteOptional(" AT TIME ZONE ", As<ExtractExpression>(e).time_zone);
      return Add(")");
    case ExpressionKind::kArrayConstructor:
      return WriteArray(As<ArrayConstructor>(e));
    case ExpressionKind::kStructConstructor:
      return WriteStruct(As<StructConstructor>(e));
    case ExpressionKind::kSubquery:
      return WriteSubquery(As<SubqueryExpression>(e));
    case ExpressionKind::kWith:
      return WriteWith(As<WithExpression>(e));
  }
}

void Unparser::WriteUnary(const UnaryExpression& unary) {
  switch (unary.op) {
    case UnaryOperator::kMinus:
      Add("-");
      break;
    case UnaryOperator::kPlus:
      Add("+");
      break;
    case UnaryOperator::kBitNot:
      Add("~");
      break;
    case UnaryOperator::kNot:
      Add("NOT ");
      break;
  }
  // `--` would begin a comment.
  const auto* inner = TryAs<UnaryExpression>(*unary.operand);
  if (inner != nullptr && inner->op != UnaryOperator::kNot && unary.op != UnaryOperator::kNot) Add(" ");
  WriteAt(*unary.operand, LevelOf(unary));
}

void Unparser::WriteBinary(const BinaryExpression& binary) {
  const auto [text, level] = TextOf(binary.op);
  const bool chains = level != kComparison;
  WriteAt(*binary.left, chains ? level : level + 1);
  Add(" ");
  Add(text);
  Add(" ");
  WriteAt(*binary.right, level + 1);
}

void Unparser::WriteLogical(const LogicalExpression& logical) {
  const bool is_or = logical.op == LogicalOperator::kOr;
  Join(
      logical.operands, [&](const ExpressionPtr& operand) { WriteAt(*operand, is_or ? kAnd : kNot); },
      is_or ? " OR " : " AND ");
}

void Unparser::WriteIsTest(const IsTestExpression& test) {
  WriteAt(*test.operand, kOperand);
  Add(test.negated ? " IS NOT " : " IS ");
  switch (test.test) {
    case IsTest::kNull:
      return Add("NULL");
    case IsTest::kTrue:
      return Add("TRUE");
    case IsTest::kFalse:
      return Add("FALSE");
    case IsTest::kUnknown:
      return Add("UNKNOWN");
  }
}

void Unparser::WriteLike(const LikeExpression& like) {
  WriteAt(*like.operand, kOperand);
  Add(like.negated ? " NOT LIKE " : " LIKE ");
  if (like.quantifier == LikeQuantifier::kNone) return WriteAt(*like.pattern, kOperand);
  Add(like.quantifier == LikeQuantifier::kAny ? "ANY " : "ALL ");
  WriteValueSet(like.patterns);
}

void Unparser::WriteValueSet(const ValueSet& set) {
  Add(set.unnest != nullptr ? "UNNEST(" : "(");
  if (set.unnest != nullptr) {
    Write(*set.unnest);
  } else if (set.subquery != nullptr) {
    Write(*set.subquery);
  } else {
    WriteList(set.list);
  }
  Add(")");
}

void Unparser::WriteCase(const CaseExpression& node) {
  Add("CASE");
  WriteOptional(" ", node.operand);
  for (const CaseBranch& branch : node.branches) {
    WriteOptional(" WHEN ", branch.when);
    WriteOptional(" THEN ", branch.then);
  }
  WriteOptional(" ELSE ", node.otherwise);
  Add(" END");
}

void Unparser::WriteFieldAccess(const FieldAccess& access) {
  // Without parentheses, a path would grow by the field.
  const ExpressionKind kind = access.operand->kind;
  const bool parentheses = kind == ExpressionKind::kPath || kind == ExpressionKind::kSystemVariable;
  if (parentheses) Add("(");
  WritePrimary(*access.operand);
  Add(parentheses ? ")." : ".");
  WriteName(access.field, /*first=*/false);
}

void Unparser::WriteSubscript(const SubscriptExpression& subscript) {
  WriteAt(*subscript.operand, kPrimary);
  switch (subscript.mode) {
    case SubscriptMode::kPlain:
      Add("[");
      break;
    case SubscriptMode::kOffset:
      Add("[OFFSET(");
      break;
    case SubscriptMode::kSafeOffset:
      Add("[SAFE_OFFSET(");
      break;
    case SubscriptMode::kOrdinal:
      Add("[ORDINAL(");
      break;
    case SubscriptMode::kSafeOrdinal:
      Add("[SAFE_ORDINAL(");
      break;
  }
  Write(*subscript.index);
  Add(subscript.mode == SubscriptMode::kPlain ? "]" : ")]");
}

void Unparser::WriteDatePart(const DatePart& part) {
  WriteName(part.name);
  if (part.weekday) WriteNames({*part.weekday});
}

void Unparser::WriteInterval(const IntervalExpression& interval) {
  WriteOptional("INTERVAL ", interval.value);
  Add(" ");
  WriteDatePart(interval.from);
  if (!interval.to) return;
  Add(" TO ");
  WriteDatePart(*interval.to);
}

void Unparser::WriteCast(const CastExpression& cast) {
  Add(cast.safe ? "SAFE_CAST(" : "CAST(");
  Write(*cast.operand);
  Add(" AS ");
  Write(*cast.type);
  WriteOptional(" FORMAT ", cast.format);
  WriteOptional(" AT TIME ZONE ", cast.time_zone);
  Add(")");
}

void Unparser::WriteArray(const ArrayConstructor& array) {
  if (array.type != nullptr) {
    Write(*array.type);
  } else if (array.keyword) {
    Add("ARRAY");
  }
  Add("[");
  WriteList(array.elements);
  Add("]");
}

void Unparser::WriteStruct(const StructConstructor& node) {
  if (node.form == StructForm::kTyped) {
    Write(*node.type);
  } else if (node.form == StructForm::kKeyword) {
    Add("STRUCT");
  }
  Add("(");
  Join(node.fields, [&](const StructConstructorField& field) {
    Write(*field.value);
    WriteAlias(field.alias);
  });
  Add(")");
}

void Unparser::WriteSubquery(const SubqueryExpression& subquery) {
  if (subquery.mode == SubqueryMode::kArray) Add("ARRAY");
  if (subquery.mode == SubqueryMode::kExists) Add("EXISTS");
  Add("(");
  Write(*subquery.query);
  Add(")");
}

void Unparser::WriteWith(const WithExpression& with) {
  Add("WITH(");
  for (const WithExpression::Binding& binding : with.bindings) {
    WriteName(binding.name);
    WriteOptional(" AS ", binding.value);
    Add(", ");
  }
  Write(*with.result);
  Add(")");
}

void Unparser::Write(const TypeName& type) {
  switch (type.kind) {
    case TypeNameKind::kSimple:
      WritePath(type.name);
      if (type.parameters.empty()) return;
      Add("(");
      Join(type.parameters, [&](const std::string& parameter) { Add(parameter); });
      return Add(")");
    case TypeNameKind::kArray:
    case TypeNameKind::kRange:
      Add(type.kind == TypeNameKind::kArray ? "ARRAY<" : "RANGE<");
      Write(*type.element);
      return Add(">");
    case TypeNameKind::kStruct:
      Add("STRUCT<");
      Join(type.fields, [&](const StructTypeField& field) {
        if (field.name) WriteName(*field.name);
        if (field.name) Add(" ");
        Write(*field.type);
        if (field.attributes) WriteColumnAttributes(*field.type, *field.attributes);
      });
      return Add(">");
  }
}

std::string Unparse(const Expression& expression, const UnparseOptions& options) {
  Unparser unparser(options);
  unparser.Write(expression);
  return unparser.TakeText();
}

std::string Unparse(const TypeName& type, const UnparseOptions& options) {
  Unparser unparser(options);
  unparser.Write(type);
  return unparser.TakeText();
}

std::string_view SymbolOf(BinaryOperator op) { return TextOf(op).text; }

}  // namespace bqcdc::emulator::sql
