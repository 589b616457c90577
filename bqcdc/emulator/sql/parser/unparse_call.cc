// Function calls and windows.

#include "bqcdc/emulator/sql/parser/unparser_impl.h"

namespace bqcdc::emulator::sql {

void Unparser::WriteCall(const FunctionCall& call) {
  WritePath(call.name);
  Add("(");
  if (call.star) Add("*");
  if (call.distinct) Add("DISTINCT ");
  Join(call.arguments, [&](const FunctionArgument& argument) { WriteArgument(argument); });
  if (call.nulls == NullHandling::kIgnore) Add(" IGNORE NULLS");
  if (call.nulls == NullHandling::kRespect) Add(" RESPECT NULLS");
  if (call.having) WriteOptional(call.having->max ? " HAVING MAX " : " HAVING MIN ", call.having->expression);
  if (!call.order_by.empty()) Add(" ");
  WriteOrderBy(call.order_by);
  WriteOptional(" LIMIT ", call.limit);
  Add(")");
  if (!call.over) return;
  Add(" OVER ");
  WriteWindow(*call.over);
}

void Unparser::WriteArgument(const FunctionArgument& argument) {
  if (argument.name) {
    WriteName(*argument.name);
    Add(" => ");
  }
  if (argument.value != nullptr) return Write(*argument.value);
  Add(argument.table != nullptr ? "TABLE " : "MODEL ");
  WritePath((argument.table != nullptr ? argument.table : argument.model)->names);
}

void Unparser::WriteLambda(const LambdaExpression& lambda) {
  if (lambda.parameters.size() == 1) {
    WriteName(lambda.parameters.front());
  } else {
    WriteNames(lambda.parameters);
  }
  WriteOptional(" -> ", lambda.body);
}

void Unparser::WriteOrderBy(const std::vector<OrderByItem>& items) {
  if (items.empty()) return;
  Add("ORDER BY ");
  Join(items, [&](const OrderByItem& item) {
    Write(*item.expression);
    WriteOptional(" COLLATE ", item.collate);
    if (item.descending) Add(" DESC");
    if (item.nulls == NullOrder::kFirst) Add(" NULLS FIRST");
    if (item.nulls == NullOrder::kLast) Add(" NULLS LAST");
  });
}

void Unparser::WriteWindow(const WindowSpecification& window) {
  if (!window.parenthesized) return WriteName(*window.base_name);
  Add("(");
  std::string_view separator = "";
  const auto separate = [&] {
    Add(separator);
    separator = " ";
  };
  if (window.base_name) {
    separate();
    WriteName(*window.base_name);
  }
  if (!window.partition_by.empty()) {
    separate();
    Add("PARTITION BY ");
    WriteList(window.partition_by);
  }
  if (!window.order_by.empty()) {
    separate();
    WriteOrderBy(window.order_by);
  }
  if (window.frame) {
    separate();
    Add(window.frame->unit == FrameUnit::kRows ? "ROWS " : "RANGE ");
    if (window.frame->end) Add("BETWEEN ");
    WriteFrameBound(window.frame->start);
    if (window.frame->end) Add(" AND ");
    if (window.frame->end) WriteFrameBound(*window.frame->end);
  }
  Add(")");
}

void Unparser::WriteFrameBound(const FrameBound& bound) {
  switch (bound.kind) {
    case FrameBoundKind::kUnboundedPreceding:
      return Add("UNBOUNDED PRECEDING");
    case FrameBoundKind::kUnboundedFollowing:
      return Add("UNBOUNDED FOLLOWING");
    case FrameBoundKind::kCurrentRow:
      return Add("CURRENT ROW");
    case FrameBoundKind::kPreceding:
    case FrameBoundKind::kFollowing:
      break;
  }
  WriteOperand(*bound.offset);
  Add(bound.kind == FrameBoundKind::kPreceding ? " PRECEDING" : " FOLLOWING");
}

}  // namespace bqcdc::emulator::sql
