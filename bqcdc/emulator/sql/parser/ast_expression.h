#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bqcdc/emulator/sql/parser/ast_type.h"
#include "bqcdc/emulator/sql/parser/position.h"

namespace bqcdc::emulator::sql {

struct Query;
struct TablePath;

// One enumerator for each struct below; `switch` over it without a default, so that the compiler names a
// forgotten case. The tree's height is bounded by the parser (kTreeHeightMax), so that plain recursion is
// safe.
enum class ExpressionKind {
  kNullLiteral,
  kBoolLiteral,
  kIntLiteral,
  kFloatLiteral,
  kStringLiteral,
  kBytesLiteral,
  kTypedLiteral,
  kInterval,
  kDefault,
  kNamedParameter,
  kPositionalParameter,
  kSystemVariable,
  kPath,
  kFieldAccess,
  kSubscript,
  kUnary,
  kBinary,
  kLogical,
  kIsTest,
  kIn,
  kBetween,
  kLike,
  kCase,
  kFunctionCall,
  kLambda,
  kCast,
  kExtract,
  kArrayConstructor,
  kStructConstructor,
  kSubquery,
  kWith,
};

struct Expression {
  explicit Expression(ExpressionKind k) : kind(k) {}
  virtual ~Expression() = default;
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;

  const ExpressionKind kind;
  // The first token of the node: for `a + b` that of `a`, parentheses of `a` included.
  Position position;
};

using ExpressionPtr = std::unique_ptr<Expression>;

template <ExpressionKind K>
struct ExpressionOf : Expression {
  static constexpr ExpressionKind kKind = K;
  ExpressionOf() : Expression(K) {}
};

// Downcast after a switch over `kind`. Works for Expression, QueryExpression, TableExpression, Statement and
// AlterTableAction alike. REQUIRES: `node.kind == T::kKind`.
template <typename T, typename Base>
const T& As(const Base& node) {
  assert(node.kind == T::kKind);
  return static_cast<const T&>(node);
}
template <typename T, typename Base>
T& As(Base& node) {
  assert(node.kind == T::kKind);
  return static_cast<T&>(node);
}
// nullptr where the kind differs.
template <typename T, typename Base>
const T* TryAs(const Base& node) {
  return node.kind == T::kKind ? static_cast<const T*>(&node) : nullptr;
}

// ---- Literals, parameters
// -------------------------------------------------------------------------------------------

struct NullLiteral : ExpressionOf<ExpressionKind::kNullLiteral> {};

struct BoolLiteral : ExpressionOf<ExpressionKind::kBoolLiteral> {
  bool value = false;
};

// Digits as written, decimal or 0x hexadecimal, without a sign. Range checks are the analyzer's:
// -9223372036854775808 is a minus before an integer too large for INT64.
struct IntLiteral : ExpressionOf<ExpressionKind::kIntLiteral> {
  std::string text;
};

// As written: 1.5, .5, 1., 1e10.
struct FloatLiteral : ExpressionOf<ExpressionKind::kFloatLiteral> {
  std::string text;
};

// Valid UTF-8, escapes resolved.
struct StringLiteral : ExpressionOf<ExpressionKind::kStringLiteral> {
  std::string value;
};

struct BytesLiteral : ExpressionOf<ExpressionKind::kBytesLiteral> {
  std::string value;
};

// DATE '2024-01-01', TIMESTAMP, DATETIME, TIME, NUMERIC, DECIMAL, BIGNUMERIC, BIGDECIMAL, JSON, RANGE<DATE>
// '[a, b)'. The text is not checked yet.
struct TypedLiteral : ExpressionOf<ExpressionKind::kTypedLiteral> {
  TypeNamePtr type;
  std::string value;
  Position value_position;
};

// MONTH, or WEEK(MONDAY). Any name; the analyzer knows which parts exist.
struct DatePart {
  Identifier name;
  std::optional<Identifier> weekday;
};

// INTERVAL value part [TO part]: INTERVAL 15 MINUTE, INTERVAL '0-0 0 0:0:2' YEAR TO SECOND, INTERVAL x + 1
// DAY.
struct IntervalExpression : ExpressionOf<ExpressionKind::kInterval> {
  ExpressionPtr value;
  DatePart from;
  std::optional<DatePart> to;
};

// DEFAULT in INSERT ... VALUES and UPDATE ... SET only.
struct DefaultExpression : ExpressionOf<ExpressionKind::kDefault> {};

struct NamedParameter : ExpressionOf<ExpressionKind::kNamedParameter> {
  std::string name;
};

struct PositionalParameter : ExpressionOf<ExpressionKind::kPositionalParameter> {
  // From 0, in the order of the text, counted over the whole script.
  int index = 0;
};

// @@time_zone, @@dataset_id, @@row_count, ...
struct SystemVariable : ExpressionOf<ExpressionKind::kSystemVariable> {
  std::vector<Identifier> name;
};

// ---- Names and access
// -----------------------------------------------------------------------------------------------

// a, a.b.c: column, alias, field, date part or table alias; the analyzer decides. Never empty.
struct PathExpression : ExpressionOf<ExpressionKind::kPath> {
  std::vector<Identifier> names;
};

// operand.field where the operand is not a path: f(x).y, (a).b, a[0].b.
struct FieldAccess : ExpressionOf<ExpressionKind::kFieldAccess> {
  ExpressionPtr operand;
  Identifier field;
};

enum class SubscriptMode { kPlain, kOffset, kSafeOffset, kOrdinal, kSafeOrdinal };

// operand[index], operand[OFFSET(index)], ...: array element, or a JSON member with kPlain.
struct SubscriptExpression : ExpressionOf<ExpressionKind::kSubscript> {
  ExpressionPtr operand;
  SubscriptMode mode = SubscriptMode::kPlain;
  ExpressionPtr index;
};

// ---- Operators
// ------------------------------------------------------------------------------------------------------

enum class UnaryOperator { kMinus, kPlus, kBitNot, kNot };

struct UnaryExpression : ExpressionOf<ExpressionKind::kUnary> {
  UnaryOperator op = UnaryOperator::kMinus;
  ExpressionPtr operand;
};

enum class BinaryOperator {
  kEqual,
  kNotEqual,     // !=
  kLessGreater,  // <>, the same
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIsDistinctFrom,
  kIsNotDistinctFrom,
  kBitOr,
  kBitXor,
  kBitAnd,
  kShiftLeft,
  kShiftRight,
  kAdd,
  kSubtract,
  kConcat,  // ||
  kMultiply,
  kDivide,
};

struct BinaryExpression : ExpressionOf<ExpressionKind::kBinary> {
  BinaryOperator op = BinaryOperator::kEqual;
  ExpressionPtr left;
  ExpressionPtr right;
};

enum class LogicalOperator { kAnd, kOr };

// a AND b AND c in one node, so that a long chain is wide, not deep. At least two operands.
struct LogicalExpression : ExpressionOf<ExpressionKind::kLogical> {
  LogicalOperator op = LogicalOperator::kAnd;
  std::vector<ExpressionPtr> operands;
};

enum class IsTest { kNull, kTrue, kFalse, kUnknown };

struct IsTestExpression : ExpressionOf<ExpressionKind::kIsTest> {
  ExpressionPtr operand;
  IsTest test = IsTest::kNull;
  bool negated = false;
};

// What stands right of IN, LIKE ANY, LIKE ALL: exactly one of the three.
struct ValueSet {
  std::vector<ExpressionPtr> list;  // (a, b, ...): never empty when it is the one
  std::unique_ptr<Query> subquery;  // (SELECT ...)
  ExpressionPtr unnest;             // UNNEST(array)
  Position position;

  ValueSet();
  ~ValueSet();
  ValueSet(ValueSet&&) noexcept;
  ValueSet& operator=(ValueSet&&) noexcept;
};

struct InExpression : ExpressionOf<ExpressionKind::kIn> {
  ExpressionPtr operand;
  ValueSet set;
  bool negated = false;
};

struct BetweenExpression : ExpressionOf<ExpressionKind::kBetween> {
  ExpressionPtr operand;
  ExpressionPtr low;
  ExpressionPtr high;
  bool negated = false;
};

enum class LikeQuantifier { kNone, kAny, kAll };  // SOME is kAny

struct LikeExpression : ExpressionOf<ExpressionKind::kLike> {
  ExpressionPtr operand;
  LikeQuantifier quantifier = LikeQuantifier::kNone;
  ExpressionPtr pattern;  // kNone
  ValueSet patterns;      // kAny, kAll
  bool negated = false;
};

struct CaseBranch {
  ExpressionPtr when;
  ExpressionPtr then;
};

struct CaseExpression : ExpressionOf<ExpressionKind::kCase> {
  ExpressionPtr operand;  // null in the searched form
  std::vector<CaseBranch> branches;
  ExpressionPtr otherwise;  // null without ELSE
};

// ---- Calls
// ----------------------------------------------------------------------------------------------------------

enum class NullOrder { kUnspecified, kFirst, kLast };

struct OrderByItem {
  ExpressionPtr expression;
  bool descending = false;
  NullOrder nulls = NullOrder::kUnspecified;
  ExpressionPtr collate;  // COLLATE 'und:ci', else null
  Position position;
};

enum class FrameUnit { kRows, kRange };
enum class FrameBoundKind { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };

struct FrameBound {
  FrameBoundKind kind = FrameBoundKind::kCurrentRow;
  ExpressionPtr offset;  // kPreceding, kFollowing
  Position position;
};

struct WindowFrame {
  FrameUnit unit = FrameUnit::kRows;
  FrameBound start;
  std::optional<FrameBound> end;  // absent without BETWEEN: CURRENT ROW is meant
  Position position;
};

// OVER name, or OVER ([name] [PARTITION BY ...] [ORDER BY ...] [frame]).
struct WindowSpecification {
  std::optional<Identifier> base_name;
  bool parenthesized = true;  // false: OVER name
  std::vector<ExpressionPtr> partition_by;
  std::vector<OrderByItem> order_by;
  std::optional<WindowFrame> frame;
  Position position;
};

// One of: a value, `name => value`, a lambda (kLambda value), TABLE path or MODEL path (table-valued
// functions only).
struct FunctionArgument {
  std::optional<Identifier> name;
  ExpressionPtr value;
  std::unique_ptr<TablePath> table;  // TABLE path
  std::unique_ptr<TablePath> model;  // MODEL path
  Position position;

  FunctionArgument();
  ~FunctionArgument();
  FunctionArgument(FunctionArgument&&) noexcept;
  FunctionArgument& operator=(FunctionArgument&&) noexcept;
};

enum class NullHandling { kUnspecified, kIgnore, kRespect };

// ANY_VALUE(x HAVING MAX y).
struct HavingModifier {
  bool max = true;  // else MIN
  ExpressionPtr expression;
};

// name(arguments): built-in, aggregate, window, user function. IF, COALESCE, LEFT and friends are calls too.
// CAST, EXTRACT, INTERVAL and constructors have their own nodes.
struct FunctionCall : ExpressionOf<ExpressionKind::kFunctionCall> {
  std::vector<Identifier> name;  // SAFE.SUBSTR -> {SAFE, SUBSTR}; a backquoted path is split at its dots
  std::vector<FunctionArgument> arguments;
  bool star = false;  // COUNT(*): then no arguments
  bool distinct = false;
  NullHandling nulls = NullHandling::kUnspecified;
  std::optional<HavingModifier> having;
  std::vector<OrderByItem> order_by;
  ExpressionPtr limit;
  std::optional<WindowSpecification> over;
};

// x -> body, (x, y) -> body; only as an argument.
struct LambdaExpression : ExpressionOf<ExpressionKind::kLambda> {
  std::vector<Identifier> parameters;
  ExpressionPtr body;
};

struct CastExpression : ExpressionOf<ExpressionKind::kCast> {
  bool safe = false;
  ExpressionPtr operand;
  TypeNamePtr type;
  ExpressionPtr format;     // FORMAT x, else null
  ExpressionPtr time_zone;  // AT TIME ZONE x, else null
};

struct ExtractExpression : ExpressionOf<ExpressionKind::kExtract> {
  DatePart part;
  ExpressionPtr operand;
  ExpressionPtr time_zone;
};

// ---- Constructors, subqueries
// ---------------------------------------------------------------------------------------

// [a, b], ARRAY[a, b], ARRAY<T>[a, b].
struct ArrayConstructor : ExpressionOf<ExpressionKind::kArrayConstructor> {
  TypeNamePtr type;      // the whole ARRAY<T>, null where not given
  bool keyword = false;  // ARRAY[...] rather than [...]
  std::vector<ExpressionPtr> elements;
};

enum class StructForm {
  kTuple,    // (a, b), at least two
  kKeyword,  // STRUCT(a AS x, b)
  kTyped,    // STRUCT<x INT64>(a)
};

struct StructConstructorField {
  ExpressionPtr value;
  std::optional<Identifier> alias;
};

struct StructConstructor : ExpressionOf<ExpressionKind::kStructConstructor> {
  StructForm form = StructForm::kKeyword;
  TypeNamePtr type;  // kTyped
  std::vector<StructConstructorField> fields;
};

enum class SubqueryMode { kScalar, kArray, kExists };

// (SELECT ...), ARRAY(SELECT ...), EXISTS(SELECT ...).
struct SubqueryExpression : ExpressionOf<ExpressionKind::kSubquery> {
  SubqueryMode mode = SubqueryMode::kScalar;
  std::unique_ptr<Query> query;

  SubqueryExpression();
  ~SubqueryExpression() override;
};

// WITH(a AS expr, b AS expr, result).
struct WithExpression : ExpressionOf<ExpressionKind::kWith> {
  struct Binding {
    Identifier name;
    ExpressionPtr value;
  };
  std::vector<Binding> bindings;
  ExpressionPtr result;
};

}  // namespace bqcdc::emulator::sql
