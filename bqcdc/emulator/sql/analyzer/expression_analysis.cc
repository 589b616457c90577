#include <cmath>
#include <cstdlib>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/partition_filter.h"
#include "bqcdc/emulator/sql/parser/parser.h"
#include "bqcdc/emulator/sql/parser/unparser.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"
#include "bqcdc/values/json_document.h"

namespace bqcdc::emulator::sql {
namespace {

ResolvedExpressionPtr MakeLiteral(Value value, const Position& position) {
  auto literal = std::make_unique<ResolvedLiteral>(std::move(value));
  literal->position = position;
  return literal;
}

// Digits of an IntLiteral, decimal or hexadecimal, with an optional minus before it.
std::optional<int64_t> ParseIntLiteral(const std::string& text, bool negative) {
  const bool hex = text.size() > 2 && (text[1] == 'x' || text[1] == 'X');
  errno = 0;
  char* end = nullptr;
  const unsigned long long magnitude = std::strtoull(text.c_str(), &end, hex ? 16 : 10);
  if (errno != 0 || *end != '\0') return std::nullopt;
  constexpr unsigned long long kLimit = 1ULL << 63;
  if (negative) {
    if (magnitude > kLimit) return std::nullopt;
    return static_cast<int64_t>(0ULL - magnitude);
  }
  if (magnitude >= kLimit) return std::nullopt;
  return static_cast<int64_t>(magnitude);
}

// Values within a value, itself left out.
int64_t PartCount(const Value& value) {
  int64_t count = static_cast<int64_t>(value.children.size());
  for (const Value& child : value.children) count += PartCount(child);
  return count;
}

class DepthGuard {
 public:
  explicit DepthGuard(int& depth) : depth_(depth) { ++depth_; }
  ~DepthGuard() { --depth_; }

 private:
  int& depth_;
};

}  // namespace

absl::Status Analyzer::CountExpressions(int64_t expressions, const Position& position) {
  expressions_ += expressions;
  if (expressions_ <= kStatementExpressionsMax) return absl::OkStatus();
  return ErrorAt(position, "A statement of more than ", kStatementExpressionsMax,
                 " expressions, elements of parameters included, is not supported");
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::NamedValue(const Value& value, const Position& position) {
  BQCDC_RETURN_IF_ERROR(CountExpressions(PartCount(value), position));
  return MakeLiteral(value, position);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::Analyze(const Expression& expression, Context& context) {
  BQCDC_RETURN_IF_ERROR(CountExpressions(1, expression.position));
  DepthGuard guard(depth_);
  if (depth_ > kAnalysisDepthMax) {
    return ErrorAt(expression.position, "Query is too deeply nested");
  }
  ExpressionResult result = [&]() -> ExpressionResult {
    switch (expression.kind) {
      case ExpressionKind::kNullLiteral:
      case ExpressionKind::kBoolLiteral:
      case ExpressionKind::kIntLiteral:
      case ExpressionKind::kFloatLiteral:
      case ExpressionKind::kStringLiteral:
      case ExpressionKind::kBytesLiteral:
        return AnalyzeLiteral(expression);
      case ExpressionKind::kTypedLiteral:
        return AnalyzeTypedLiteral(As<TypedLiteral>(expression));
      case ExpressionKind::kInterval:
        return AnalyzeInterval(As<IntervalExpression>(expression), context);
      case ExpressionKind::kDefault:
        return ErrorAt(expression.position, "Unexpected keyword DEFAULT");
      case ExpressionKind::kNamedParameter: {
        const std::string& name = As<NamedParameter>(expression).name;
        const auto found = options_.named_parameters.find(absl::AsciiStrToLower(name));
        if (found == options_.named_parameters.end()) {
          return ErrorAt(expression.position, "Query parameter '", name, "' not found");
        }
        return NamedValue(found->second, expression.position);
      }
      case ExpressionKind::kPositionalParameter: {
        const size_t index = As<PositionalParameter>(expression).index;
        if (index >= options_.positional_parameters.size()) {
          return ErrorAt(expression.position, "Query parameter number ", index + 1, " is not defined; only ",
                         options_.positional_parameters.size(), " parameter(s) were provided");
        }
        return NamedValue(options_.positional_parameters[index], expression.position);
      }
      case ExpressionKind::kSystemVariable: {
        const auto& variable = As<SystemVariable>(expression);
        return Unsupported(expression.position, "system variable @@",
                           variable.name.empty() ? std::string() : variable.name[0].text);
      }
      case ExpressionKind::kPath:
        return AnalyzePath(As<PathExpression>(expression), context);
      case ExpressionKind::kFieldAccess: {
        const auto& access = As<FieldAccess>(expression);
        BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr operand, Analyze(*access.operand, context));
        return FollowFields(std::move(operand), {access.field}, 0);
      }
      case ExpressionKind::kSubscript:
        return AnalyzeSubscript(As<SubscriptExpression>(expression), context);
      case ExpressionKind::kUnary:
        return AnalyzeUnary(As<UnaryExpression>(expression), context);
      case ExpressionKind::kBinary:
        return AnalyzeBinary(As<BinaryExpression>(expression), context);
      case ExpressionKind::kLogical: {
        const auto& logical = As<LogicalExpression>(expression);
        std::vector<ResolvedExpressionPtr> operands;
        BQCDC_RETURN_IF_ERROR(AnalyzeAll(logical.operands, context, operands));
        return Call(logical.op == LogicalOperator::kAnd ? "$and" : "$or", std::move(operands),
                    expression.position);
      }
      case ExpressionKind::kIsTest: {
        const auto& test = As<IsTestExpression>(expression);
        std::vector<ResolvedExpressionPtr> operands(1);
        BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*test.operand, context));
        const std::string name = test.test == IsTest::kTrue    ? "$is_true"
                                 : test.test == IsTest::kFalse ? "$is_false"
                                                               : "$is_null";
        if (test.test == IsTest::kUnknown) {
          BQCDC_ASSIGN_OR_RETURN(operands[0], Coerce(std::move(operands[0]), TypeKind::kBool));
        }
        BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr tested,
                               Call(name, std::move(operands), expression.position));
        if (!test.negated) return tested;
        std::vector<ResolvedExpressionPtr> negation;
        negation.push_back(std::move(tested));
        return Call("$not", std::move(negation), expression.position);
      }
      case ExpressionKind::kIn:
        return AnalyzeIn(As<InExpression>(expression), context);
      case ExpressionKind::kBetween: {
        const auto& between = As<BetweenExpression>(expression);
        std::vector<ResolvedExpressionPtr> operands(3);
        BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*between.operand, context));
        BQCDC_ASSIGN_OR_RETURN(operands[1], Analyze(*between.low, context));
        BQCDC_ASSIGN_OR_RETURN(operands[2], Analyze(*between.high, context));
        BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr result,
                               Call("$between", std::move(operands), expression.position));
        if (!between.negated) return result;
        std::vector<ResolvedExpressionPtr> negation;
        negation.push_back(std::move(result));
        return Call("$not", std::move(negation), expression.position);
      }
      case ExpressionKind::kLike:
        return AnalyzeLike(As<LikeExpression>(expression), context);
      case ExpressionKind::kCase:
        return AnalyzeCase(As<CaseExpression>(expression), context);
      case ExpressionKind::kFunctionCall:
        return AnalyzeCall(As<FunctionCall>(expression), context);
      case ExpressionKind::kLambda:
        return Unsupported(expression.position, "lambda expression");
      case ExpressionKind::kCast:
        return AnalyzeCast(As<CastExpression>(expression), context);
      case ExpressionKind::kExtract:
        return AnalyzeExtract(As<ExtractExpression>(expression), context);
      case ExpressionKind::kArrayConstructor:
        return AnalyzeArray(As<ArrayConstructor>(expression), context);
      case ExpressionKind::kStructConstructor:
        return AnalyzeStruct(As<StructConstructor>(expression), context);
      case ExpressionKind::kSubquery:
        return AnalyzeSubquery(As<SubqueryExpression>(expression), context);
      case ExpressionKind::kWith:
        return Unsupported(expression.position, "WITH expression");
    }
    return Unsupported(expression.position, "this expression");
  }();
  if (result.ok() && (*result)->position == Position{}) (*result)->position = expression.position;
  return result;
}

absl::Status Analyzer::AnalyzeAll(const std::vector<ExpressionPtr>& expressions, Context& context,
                                  std::vector<ResolvedExpressionPtr>& results) {
  for (const ExpressionPtr& expression : expressions) {
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr result, Analyze(*expression, context));
    results.push_back(std::move(result));
  }
  return absl::OkStatus();
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeConstant(const Expression& expression) {
  const NameList none;
  const Scope scope{&none, nullptr};
  Context context;
  context.scope = &scope;
  context.clause = "constant expression";
  --expressions_;  // of INSERT ... VALUES, whose rows have a limit of their own
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr constant, Analyze(expression, context));
  BQCDC_RETURN_IF_ERROR(CheckPartitionFilters(constant));
  return constant;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeConstant(const Expression& expression,
                                                                const Type& type) {
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr result, AnalyzeConstant(expression));
  return CoerceForAssignment(std::move(result), type, "expression");
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeDefault(const schema::Column& column) {
  const Type type = TypeOfColumn(column);
  if (column.default_value_expression.empty()) {
    if (type.is_array()) return std::make_unique<ResolvedMakeArray>(type);
    return std::make_unique<ResolvedLiteral>(Value::Null(type));
  }
  BQCDC_ASSIGN_OR_RETURN(const ExpressionPtr expression, ParseExpression(column.default_value_expression));
  const int64_t of_statement = expressions_;
  ExpressionResult value = AnalyzeConstant(*expression, type);
  expressions_ = of_statement;
  return value;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeCondition(const Expression& expression,
                                                                 const Scope& scope, std::string clause) {
  Context context;
  context.scope = &scope;
  context.clause = std::move(clause);
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr condition, Analyze(expression, context));
  if (FindCoercion(ArgumentOf(*condition), TypeKind::kBool) == Coercion::kNone) {
    return ErrorAt(expression.position, context.clause, " should return type BOOL, but returns ",
                   condition->type.ToString());
  }
  return Coerce(std::move(condition), TypeKind::kBool);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::IsThere(ResolvedExpressionPtr value, bool there,
                                                        const Position& position) {
  std::vector<ResolvedExpressionPtr> operands;
  operands.push_back(std::move(value));
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr is_null, Call("$is_null", std::move(operands), position));
  if (!there) return is_null;
  operands.clear();
  operands.push_back(std::move(is_null));
  return Call("$not", std::move(operands), position);
}

ResolvedScanPtr Analyzer::Filter(ResolvedScanPtr input, ResolvedExpressionPtr predicate) {
  auto filter = std::make_unique<FilterScan>();
  filter->columns = input->columns;
  filter->input = std::move(input);
  filter->predicate = std::move(predicate);
  return filter;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeLiteral(const Expression& expression) {
  const Position& position = expression.position;
  switch (expression.kind) {
    case ExpressionKind::kNullLiteral: {
      auto literal = std::make_unique<ResolvedLiteral>(Value::Null(TypeKind::kInt64));
      literal->is_untyped = true;
      literal->position = position;
      return literal;
    }
    case ExpressionKind::kBoolLiteral:
      return MakeLiteral(Value::Bool(As<BoolLiteral>(expression).value), position);
    case ExpressionKind::kIntLiteral: {
      const std::string& text = As<IntLiteral>(expression).text;
      const std::optional<int64_t> value = ParseIntLiteral(text, false);
      if (!value) return ErrorAt(position, "Invalid integer literal: ", text);
      return MakeLiteral(Value::Int64(*value), position);
    }
    case ExpressionKind::kFloatLiteral: {
      const std::string& text = As<FloatLiteral>(expression).text;
      double value = 0;
      if (!absl::SimpleAtod(text, &value) || std::isinf(value)) {
        return ErrorAt(position, "Invalid floating point literal: ", text);
      }
      auto literal = std::make_unique<ResolvedLiteral>(Value::Float64(value));
      // The digits as written: a literal that becomes a NUMERIC never passes through a double.
      literal->text = text;
      literal->position = position;
      return literal;
    }
    case ExpressionKind::kStringLiteral:
      return MakeLiteral(Value::String(As<StringLiteral>(expression).value), position);
    default:
      return MakeLiteral(Value::Of(TypeKind::kBytes, As<BytesLiteral>(expression).value), position);
  }
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeTypedLiteral(const TypedLiteral& literal) {
  BQCDC_ASSIGN_OR_RETURN(const Type type, ResolveType(*literal.type));
  auto value = CastValue(Value::String(literal.value), type);
  if (!value.ok()) {
    if (value.status().code() == absl::StatusCode::kUnimplemented) {
      return Unsupported(literal.position, type.ToString(), " literal");
    }
    return ErrorAt(literal.value_position, "Invalid ", TypeKindName(type.kind()), " literal");
  }
  if (type.is(TypeKind::kJson)) {
    std::string storage;
    std::string_view canonical;
    if (values::CanonicalJson(literal.value, values::WideNumbers::kRefuse, &storage, &canonical) !=
        values::ValueError::kNone) {
      return ErrorAt(literal.value_position, "Invalid JSON literal");
    }
    value->scalar = std::string(canonical);
  }
  auto result = std::make_unique<ResolvedLiteral>(*std::move(value));
  result->is_coercible = false;
  result->position = literal.position;
  return result;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzePath(const PathExpression& path, Context& context) {
  const Identifier& first = path.names[0];
  if (context.use_aliases && context.select != nullptr) {
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr aliased, AnalyzeAlias(first, context));
    if (aliased != nullptr) return FollowFields(std::move(aliased), path.names, 1);
  }
  const NameMatch match = FindName(context.scope, first.text);
  switch (match.kind) {
    case NameMatch::Kind::kNone:
      break;
    case NameMatch::Kind::kAmbiguous:
      return ErrorAt(first.position, "Column name ", first.text, " is ambiguous");
    case NameMatch::Kind::kColumn:
      return FollowFields(match.column->Reference(), path.names, 1);
    case NameMatch::Kind::kVariable: {
      if (match.variable->value) return FollowFields(match.variable->value->Reference(), path.names, 1);
      if (path.names.size() == 1) {
        // The row as a STRUCT.
        std::vector<StructField> fields;
        for (const NamedColumn& column : match.variable->columns) {
          if (!column.hidden) fields.push_back({column.name, column.ValueType()});
        }
        auto row = std::make_unique<ResolvedMakeStruct>(Type::Struct(std::move(fields)));
        for (const NamedColumn& column : match.variable->columns) {
          if (!column.hidden) row->fields.push_back(column.Reference());
        }
        return row;
      }
      bool ambiguous = false;
      const NamedColumn* column = FindColumn(match.variable->columns, path.names[1].text, &ambiguous);
      if (ambiguous)
        return ErrorAt(path.names[1].position, "Column name ", path.names[1].text, " is ambiguous");
      if (column == nullptr) {
        return ErrorAt(path.names[1].position, "Name ", path.names[1].text, " not found inside ", first.text);
      }
      return FollowFields(column->Reference(), path.names, 2);
    }
  }
  const std::string upper = absl::AsciiStrToUpper(first.text);
  if (path.names.size() == 1 && (upper == "CURRENT_TIMESTAMP" || upper == "CURRENT_DATE" ||
                                 upper == "CURRENT_DATETIME" || upper == "CURRENT_TIME")) {
    return Call(upper, {}, first.position);  // the parentheses are optional
  }
  const auto variable = options_.variables.find(absl::AsciiStrToLower(first.text));
  if (variable != options_.variables.end()) {
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr value, NamedValue(variable->second, first.position));
    return FollowFields(std::move(value), path.names, 1);
  }
  return ErrorAt(first.position, "Unrecognized name: ", first.text);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::FollowFields(ResolvedExpressionPtr base,
                                                             const std::vector<Identifier>& names,
                                                             size_t next) {
  for (; next < names.size(); ++next) {
    const Identifier& name = names[next];
    if (base->type.is(TypeKind::kJson)) {
      std::vector<ResolvedExpressionPtr> arguments;
      arguments.push_back(std::move(base));
      arguments.push_back(MakeLiteral(Value::String(name.text), name.position));
      BQCDC_ASSIGN_OR_RETURN(base, Call("$json_member", std::move(arguments), name.position));
      continue;
    }
    if (!base->type.is_struct()) {
      return ErrorAt(name.position, "Cannot access field ", name.text, " on a value with type ",
                     base->type.ToString());
    }
    int found = -1;
    const auto& fields = base->type.fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (absl::AsciiStrToLower(fields[i].name) != absl::AsciiStrToLower(name.text)) continue;
      if (found >= 0) {
        return ErrorAt(name.position, "Struct field name ", name.text, " is ambiguous");
      }
      found = static_cast<int>(i);
    }
    if (found < 0) {
      return ErrorAt(name.position, "Field name ", name.text, " does not exist in ", base->type.ToString());
    }
    base = std::make_unique<ResolvedGetField>(std::move(base), found);
  }
  return base;
}

namespace {

// `a = NULL` is never true, so that the service takes it for a mistake.
absl::Status RefuseLiteralNull(const Expression& operand, std::string_view symbol) {
  if (operand.kind != ExpressionKind::kNullLiteral) return absl::OkStatus();
  return ErrorAt(operand.position, "Operands of ", symbol, " cannot be literal NULL");
}

bool TakesLiteralNull(BinaryOperator op) {
  return op == BinaryOperator::kIsDistinctFrom || op == BinaryOperator::kIsNotDistinctFrom ||
         op == BinaryOperator::kShiftLeft || op == BinaryOperator::kShiftRight;
}

}  // namespace

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeUnary(const UnaryExpression& unary, Context& context) {
  if (unary.op == UnaryOperator::kMinus) {
    if (const auto* literal = TryAs<IntLiteral>(*unary.operand)) {
      const std::optional<int64_t> value = ParseIntLiteral(literal->text, true);
      if (!value) return ErrorAt(unary.position, "Invalid integer literal: -", literal->text);
      return MakeLiteral(Value::Int64(*value), unary.position);
    }
    if (const auto* literal = TryAs<FloatLiteral>(*unary.operand)) {
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr positive, AnalyzeLiteral(*literal));
      auto& number = static_cast<ResolvedLiteral&>(*positive);
      number.value.scalar = -std::get<double>(number.value.scalar);
      number.text = "-" + number.text;
      return positive;
    }
  }
  static constexpr std::string_view kSymbols[] = {"-", "+", "~", "NOT"};
  static constexpr std::string_view kNames[] = {"$minus", "", "$bit_not", "$not"};
  const auto op = static_cast<size_t>(unary.op);
  std::vector<ResolvedExpressionPtr> operands(1);
  BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*unary.operand, context));
  if (unary.op != UnaryOperator::kPlus) {
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr call,
                           Call(std::string(kNames[op]), std::move(operands), unary.position));
    BQCDC_RETURN_IF_ERROR(RefuseLiteralNull(*unary.operand, kSymbols[op]));
    return call;
  }
  BQCDC_RETURN_IF_ERROR(RefuseLiteralNull(*unary.operand, kSymbols[op]));
  if (!operands[0]->type.is_numeric()) {
    return ErrorAt(unary.position,
                   "No matching signature for operator + for argument type: ", operands[0]->type.ToString());
  }
  return std::move(operands[0]);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeBinary(const BinaryExpression& binary,
                                                              Context& context) {
  static constexpr std::string_view kNames[] = {"$equal",
                                                "$not_equal",
                                                "$not_equal",
                                                "$less",
                                                "$less_or_equal",
                                                "$greater",
                                                "$greater_or_equal",
                                                "$is_distinct_from",
                                                "$is_not_distinct_from",
                                                "$bit_or",
                                                "$bit_xor",
                                                "$bit_and",
                                                "$shift_left",
                                                "$shift_right",
                                                "$add",
                                                "$subtract",
                                                "$concat",
                                                "$multiply",
                                                "$divide"};
  std::vector<ResolvedExpressionPtr> operands(2);
  BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*binary.left, context));
  BQCDC_ASSIGN_OR_RETURN(operands[1], Analyze(*binary.right, context));
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr call, Call(std::string(kNames[static_cast<int>(binary.op)]),
                                                          std::move(operands), binary.position));
  if (TakesLiteralNull(binary.op)) return call;
  for (const Expression* operand : {binary.left.get(), binary.right.get()}) {
    BQCDC_RETURN_IF_ERROR(RefuseLiteralNull(*operand, SymbolOf(binary.op)));
  }
  return call;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeIn(const InExpression& in, Context& context) {
  ExpressionResult result = [&]() -> ExpressionResult {
    if (in.set.subquery) return AnalyzeInSubquery(in, context);
    std::vector<ResolvedExpressionPtr> operands(1);
    BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*in.operand, context));
    if (in.set.unnest) {
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr array, Analyze(*in.set.unnest, context));
      if (!array->type.is_array()) {
        return ErrorAt(in.set.position, "Second argument of IN UNNEST must be an array but was ",
                       array->type.ToString());
      }
      operands.push_back(std::move(array));
      return Call("$in_array", std::move(operands), in.position);
    }
    BQCDC_RETURN_IF_ERROR(AnalyzeAll(in.set.list, context, operands));
    return Call("$in", std::move(operands), in.position);
  }();
  if (!result.ok() || !in.negated) return result;
  std::vector<ResolvedExpressionPtr> negation;
  negation.push_back(*std::move(result));
  return Call("$not", std::move(negation), in.position);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::CompareLike(const LikeExpression& like,
                                                            ResolvedExpressionPtr operand,
                                                            ResolvedExpressionPtr pattern) {
  std::vector<ResolvedExpressionPtr> operands;
  operands.push_back(std::move(operand));
  operands.push_back(std::move(pattern));
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr result, Call("$like", std::move(operands), like.position));
  if (!like.negated) return result;
  std::vector<ResolvedExpressionPtr> negation;
  negation.push_back(std::move(result));
  return Call("$not", std::move(negation), like.position);
}

// NOT is of each comparison: NOT LIKE ANY holds where one pattern does not match, NOT LIKE ALL where none
// does.
absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeLike(const LikeExpression& like, Context& context) {
  if (like.quantifier != LikeQuantifier::kNone && like.patterns.list.empty()) {
    return AnalyzeLikeArray(like, context);
  }
  std::vector<ResolvedExpressionPtr> results;
  const auto add = [&](const Expression& pattern) -> absl::Status {
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr operand, Analyze(*like.operand, context));
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr resolved, Analyze(pattern, context));
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr result,
                           CompareLike(like, std::move(operand), std::move(resolved)));
    results.push_back(std::move(result));
    return absl::OkStatus();
  };
  if (like.quantifier == LikeQuantifier::kNone) {
    BQCDC_RETURN_IF_ERROR(add(*like.pattern));
    for (const Expression* operand : {like.operand.get(), like.pattern.get()}) {
      BQCDC_RETURN_IF_ERROR(RefuseLiteralNull(*operand, like.negated ? "NOT LIKE" : "LIKE"));
    }
    return std::move(results[0]);
  }
  for (const ExpressionPtr& pattern : like.patterns.list) BQCDC_RETURN_IF_ERROR(add(*pattern));
  if (results.size() == 1) return std::move(results[0]);
  return Call(like.quantifier == LikeQuantifier::kAll ? "$and" : "$or", std::move(results), like.position);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeLikeArray(const LikeExpression& like,
                                                                 Context& context) {
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr operand, Analyze(*like.operand, context));
  ResolvedExpressionPtr patterns;
  if (like.patterns.unnest) {
    BQCDC_ASSIGN_OR_RETURN(patterns, Analyze(*like.patterns.unnest, context));
  } else {
    BQCDC_ASSIGN_OR_RETURN(QueryResult query, AnalyzeQueryIn(*like.patterns.subquery, context.scope));
    if (query.outputs.size() != 1) {
      return ErrorAt(like.patterns.position, "Subquery of type LIKE must have only one output column");
    }
    BQCDC_ASSIGN_OR_RETURN(patterns, ArrayOfRows(std::move(query), like.patterns.position));
  }
  if (ArgumentOf(*patterns).is_untyped) {
    BQCDC_ASSIGN_OR_RETURN(patterns, Coerce(std::move(patterns), Type::Array(operand->type)));
  }
  if (!patterns->type.is_array()) {
    return ErrorAt(like.patterns.position,
                   "Second argument of LIKE ANY|SOME|ALL UNNEST must be an array but was ",
                   patterns->type.ToString());
  }
  auto results = std::make_unique<ResolvedTransformArray>(Type::Array(TypeKind::kBool));
  results->element = NewColumn();
  auto pattern = std::make_unique<ResolvedColumn>(results->element, patterns->type.element());
  results->array = std::move(patterns);
  BQCDC_ASSIGN_OR_RETURN(results->body, CompareLike(like, std::move(operand), std::move(pattern)));
  std::vector<ResolvedExpressionPtr> arguments;
  arguments.push_back(std::move(results));
  return Call(like.quantifier == LikeQuantifier::kAll ? "$all_true" : "$any_true", std::move(arguments),
              like.position);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeCase(const CaseExpression& expression,
                                                            Context& context) {
  std::vector<ResolvedExpressionPtr> results;
  std::vector<ResolvedExpressionPtr> conditions;
  for (const CaseBranch& branch : expression.branches) {
    if (expression.operand) {
      std::vector<ResolvedExpressionPtr> operands(2);
      BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*expression.operand, context));
      BQCDC_ASSIGN_OR_RETURN(operands[1], Analyze(*branch.when, context));
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr condition,
                             Call("$equal", std::move(operands), branch.when->position));
      conditions.push_back(std::move(condition));
    } else {
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr condition, Analyze(*branch.when, context));
      if (FindCoercion(ArgumentOf(*condition), TypeKind::kBool) == Coercion::kNone) {
        return ErrorAt(branch.when->position, "CASE condition should return type BOOL, but returns ",
                       condition->type.ToString());
      }
      BQCDC_ASSIGN_OR_RETURN(condition, Coerce(std::move(condition), TypeKind::kBool));
      conditions.push_back(std::move(condition));
    }
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr result, Analyze(*branch.then, context));
    results.push_back(std::move(result));
  }
  if (expression.otherwise) {
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr result, Analyze(*expression.otherwise, context));
    results.push_back(std::move(result));
  } else {
    auto null = std::make_unique<ResolvedLiteral>(Value::Null(TypeKind::kInt64));
    null->is_untyped = true;
    results.push_back(std::move(null));
  }
  BQCDC_ASSIGN_OR_RETURN(const Type type, SupertypeOf(results, "CASE", expression.position));
  auto resolved = std::make_unique<ResolvedCase>(type);
  for (size_t i = 0; i < conditions.size(); ++i) {
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr result, Coerce(std::move(results[i]), type));
    resolved->branches.push_back({std::move(conditions[i]), std::move(result)});
  }
  BQCDC_ASSIGN_OR_RETURN(resolved->otherwise, Coerce(std::move(results.back()), type));
  return resolved;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeSubscript(const SubscriptExpression& subscript,
                                                                 Context& context) {
  std::vector<ResolvedExpressionPtr> operands(2);
  BQCDC_ASSIGN_OR_RETURN(operands[0], Analyze(*subscript.operand, context));
  BQCDC_ASSIGN_OR_RETURN(operands[1], Analyze(*subscript.index, context));
  if (operands[0]->type.is(TypeKind::kJson)) {
    if (subscript.mode != SubscriptMode::kPlain) {
      return ErrorAt(subscript.position, "JSON elements are accessed by [index] or [name]");
    }
    // Before the call: an argument that is moved from may be evaluated first.
    const std::string name = operands[1]->type.is(TypeKind::kString) ? "$json_member" : "$json_element";
    return Call(name, std::move(operands), subscript.position);
  }
  if (!operands[0]->type.is_array()) {
    return ErrorAt(subscript.position, "Element access using [] is not supported on values of type ",
                   operands[0]->type.ToString());
  }
  static constexpr const char* kNames[] = {"$array_at_offset", "$array_at_offset", "$safe_array_at_offset",
                                           "$array_at_ordinal", "$safe_array_at_ordinal"};
  return Call(kNames[static_cast<int>(subscript.mode)], std::move(operands), subscript.position);
}

}  // namespace bqcdc::emulator::sql
