#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/emulator/sql/parser/position.h"
#include "bqcdc/emulator/sql/types/type.h"
#include "bqcdc/emulator/sql/types/value.h"

// The typed tree of expressions: every name is resolved to a column id, every call to one signature of the
// function table, every coercion is a cast. Plain structs that own their children.
namespace bqcdc::emulator::sql {

struct FunctionSignature;
struct ResolvedScan;

// Identifies a column within one statement; never reused.
using ColumnId = int;

enum class ResolvedKind {
  kLiteral,
  kColumn,
  kCall,
  kCast,
  kCase,
  kGetField,
  kMakeStruct,
  kMakeArray,
  kSubquery,
  kTransformArray,
};

struct ResolvedExpression {
  ResolvedExpression(ResolvedKind k, Type t) : kind(k), type(std::move(t)) {}
  virtual ~ResolvedExpression() = default;
  ResolvedExpression(const ResolvedExpression&) = delete;
  ResolvedExpression& operator=(const ResolvedExpression&) = delete;

  const ResolvedKind kind;
  Type type;
  Position position;
};
using ResolvedExpressionPtr = std::unique_ptr<ResolvedExpression>;

struct ResolvedLiteral : ResolvedExpression {
  explicit ResolvedLiteral(Value v)
      : ResolvedExpression(ResolvedKind::kLiteral, v.type), value(std::move(v)) {}
  Value value;
  // NULL, or [] without a type: fits everywhere.
  bool is_untyped = false;
  // Written as a literal or given as a parameter, so that literal coercion applies.
  bool is_coercible = true;
  // Of a FLOAT64 literal: its digits as written, which a NUMERIC takes exactly.
  std::string text;
};

struct ResolvedColumn : ResolvedExpression {
  ResolvedColumn(ColumnId i, Type t) : ResolvedExpression(ResolvedKind::kColumn, std::move(t)), id(i) {}
  ColumnId id;
};

// A scalar function or operator.
struct ResolvedCall : ResolvedExpression {
  ResolvedCall(const FunctionSignature* s, Type t)
      : ResolvedExpression(ResolvedKind::kCall, std::move(t)), signature(s) {}
  const FunctionSignature* signature;
  std::vector<ResolvedExpressionPtr> arguments;
  bool safe = false;  // SAFE.F: NULL in place of an evaluation error of F itself
};

struct ResolvedCast : ResolvedExpression {
  ResolvedCast(ResolvedExpressionPtr o, Type t)
      : ResolvedExpression(ResolvedKind::kCast, std::move(t)), operand(std::move(o)) {}
  ResolvedExpressionPtr operand;
  bool safe = false;
  ResolvedExpressionPtr time_zone;  // text; null: UTC
};

struct ResolvedCase : ResolvedExpression {
  explicit ResolvedCase(Type t) : ResolvedExpression(ResolvedKind::kCase, std::move(t)) {}
  struct Branch {
    ResolvedExpressionPtr condition;
    ResolvedExpressionPtr result;
  };
  std::vector<Branch> branches;
  ResolvedExpressionPtr otherwise;  // never null
};

struct ResolvedGetField : ResolvedExpression {
  ResolvedGetField(ResolvedExpressionPtr o, int i)
      : ResolvedExpression(ResolvedKind::kGetField, o->type.fields()[i].type),
        operand(std::move(o)),
        index(i) {}
  ResolvedExpressionPtr operand;
  int index;
};

struct ResolvedMakeStruct : ResolvedExpression {
  explicit ResolvedMakeStruct(Type t) : ResolvedExpression(ResolvedKind::kMakeStruct, std::move(t)) {}
  std::vector<ResolvedExpressionPtr> fields;
};

struct ResolvedMakeArray : ResolvedExpression {
  explicit ResolvedMakeArray(Type t) : ResolvedExpression(ResolvedKind::kMakeArray, std::move(t)) {}
  std::vector<ResolvedExpressionPtr> elements;
  bool is_untyped = false;  // [] without an element type
};

enum class ResolvedSubqueryMode { kScalar, kArray, kExists, kIn };

struct ResolvedSubquery : ResolvedExpression {
  ResolvedSubquery(ResolvedSubqueryMode m, Type t);
  ~ResolvedSubquery() override;
  ResolvedSubqueryMode mode;
  std::unique_ptr<ResolvedScan> query;
  ColumnId output = 0;            // the query's one column; not for kExists
  ResolvedExpressionPtr operand;  // kIn
};

// Applies `body` to each element of `array`; inside of it the element is the column `element`.
struct ResolvedTransformArray : ResolvedExpression {
  explicit ResolvedTransformArray(Type t) : ResolvedExpression(ResolvedKind::kTransformArray, std::move(t)) {}
  ResolvedExpressionPtr array;
  ColumnId element = 0;
  ResolvedExpressionPtr body;
};

struct ResolvedOrderItem {
  ResolvedExpressionPtr expression;
  bool descending = false;
  bool nulls_first = true;
};

enum class ResolvedFrameUnit { kRows, kRange };
enum class ResolvedBoundKind {
  kUnboundedPreceding,
  kPreceding,
  kCurrentRow,
  kFollowing,
  kUnboundedFollowing
};
struct ResolvedFrameBound {
  ResolvedBoundKind kind = ResolvedBoundKind::kCurrentRow;
  ResolvedExpressionPtr offset;
};
struct ResolvedWindow {
  std::vector<ResolvedExpressionPtr> partition_by;
  std::vector<ResolvedOrderItem> order_by;
  bool has_frame = false;
  ResolvedFrameUnit unit = ResolvedFrameUnit::kRows;
  ResolvedFrameBound start;
  ResolvedFrameBound end;
};

enum class ResolvedNulls { kDefault, kIgnore, kRespect };

// A call of an aggregate or window function; computed by ResolvedAggregateScan or ResolvedWindowScan.
struct ResolvedAggregateCall {
  const FunctionSignature* signature = nullptr;
  Type type;
  std::vector<ResolvedExpressionPtr> arguments;
  bool distinct = false;
  ResolvedNulls nulls = ResolvedNulls::kDefault;
  std::vector<ResolvedOrderItem> order_by;
  std::optional<int64_t> limit;
  std::unique_ptr<ResolvedWindow> window;  // null: an aggregate
  Position position;
};

template <typename T>
const T& Resolved(const ResolvedExpression& expression) {
  return static_cast<const T&>(expression);
}

}  // namespace bqcdc::emulator::sql
