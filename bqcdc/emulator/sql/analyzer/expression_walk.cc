#include "bqcdc/emulator/sql/analyzer/expression_walk.h"

#include <cstdint>
#include <cstdio>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/functions/function_table.h"

namespace bqcdc::emulator::sql {

void WalkExpression(ResolvedExpressionPtr& expression, const ExpressionVisitor& visit) {
  if (!expression || visit(expression)) return;
  switch (expression->kind) {
    case ResolvedKind::kLiteral:
    case ResolvedKind::kColumn:
      return;
    case ResolvedKind::kCall:
      for (auto& argument : static_cast<ResolvedCall&>(*expression).arguments)
        WalkExpression(argument, visit);
      return;
    case ResolvedKind::kCast:
      WalkExpression(static_cast<ResolvedCast&>(*expression).operand, visit);
      return;
    case ResolvedKind::kCase: {
      auto& node = static_cast<ResolvedCase&>(*expression);
      for (auto& branch : node.branches) {
        WalkExpression(branch.condition, visit);
        WalkExpression(branch.result, visit);
      }
      WalkExpression(node.otherwise, visit);
      return;
    }
    case ResolvedKind::kGetField:
      WalkExpression(static_cast<ResolvedGetField&>(*expression).operand, visit);
      return;
    case ResolvedKind::kMakeStruct:
      for (auto& field : static_cast<ResolvedMakeStruct&>(*expression).fields) WalkExpression(field, visit);
      return;
    case ResolvedKind::kMakeArray:
      for (auto& element : static_cast<ResolvedMakeArray&>(*expression).elements)
        WalkExpression(element, visit);
      return;
    case ResolvedKind::kSubquery: {
      auto& node = static_cast<ResolvedSubquery&>(*expression);
      WalkExpression(node.operand, visit);
      WalkScan(*node.query, visit);
      return;
    }
    case ResolvedKind::kTransformArray: {
      auto& node = static_cast<ResolvedTransformArray&>(*expression);
      WalkExpression(node.array, visit);
      WalkExpression(node.body, visit);
      return;
    }
  }
}

void WalkAggregateCall(ResolvedAggregateCall& call, const ExpressionVisitor& visit) {
  for (auto& argument : call.arguments) WalkExpression(argument, visit);
  for (auto& item : call.order_by) WalkExpression(item.expression, visit);
  if (!call.window) return;
  for (auto& partition : call.window->partition_by) WalkExpression(partition, visit);
  for (auto& item : call.window->order_by) WalkExpression(item.expression, visit);
}

void WalkScan(ResolvedScan& scan, const ExpressionVisitor& visit) {
  const auto walk = [&](ResolvedScanPtr& input) {
    if (input) WalkScan(*input, visit);
  };
  switch (scan.kind) {
    case ScanKind::kSingleRow:
    case ScanKind::kTable:
    case ScanKind::kValues:
    case ScanKind::kWithReference:
      return;
    case ScanKind::kProject: {
      auto& node = static_cast<ProjectScan&>(scan);
      walk(node.input);
      for (auto& computed : node.computed) WalkExpression(computed.expression, visit);
      return;
    }
    case ScanKind::kFilter: {
      auto& node = static_cast<FilterScan&>(scan);
      walk(node.input);
      WalkExpression(node.predicate, visit);
      return;
    }
    case ScanKind::kJoin: {
      auto& node = static_cast<JoinScan&>(scan);
      walk(node.left);
      walk(node.right);
      WalkExpression(node.condition, visit);
      return;
    }
    case ScanKind::kUnnest: {
      auto& node = static_cast<UnnestScan&>(scan);
      walk(node.input);
      WalkExpression(node.array, visit);
      WalkExpression(node.condition, visit);
      return;
    }
    case ScanKind::kAggregate: {
      auto& node = static_cast<AggregateScan&>(scan);
      walk(node.input);
      for (auto& group : node.groups) WalkExpression(group.expression, visit);
      for (auto& aggregate : node.aggregates) WalkAggregateCall(*aggregate.call, visit);
      return;
    }
    case ScanKind::kWindow: {
      auto& node = static_cast<WindowScan&>(scan);
      walk(node.input);
      for (auto& call : node.calls) WalkAggregateCall(*call.call, visit);
      return;
    }
    case ScanKind::kDistinct:
      walk(static_cast<DistinctScan&>(scan).input);
      return;
    case ScanKind::kSetOperation:
      for (auto& input : static_cast<SetOperationScan&>(scan).inputs) walk(input.scan);
      return;
    case ScanKind::kSort:
      walk(static_cast<SortScan&>(scan).input);
      return;
    case ScanKind::kLimit:
      walk(static_cast<LimitScan&>(scan).input);
      return;
    case ScanKind::kWith: {
      auto& node = static_cast<WithScan&>(scan);
      for (auto& entry : node.entries) {
        walk(entry.scan);
        if (entry.recursion) walk(entry.recursion->term);
      }
      walk(node.body);
      return;
    }
  }
}

namespace {

void AppendValue(const Value& value, std::string& text) {
  if (value.is_null) {
    text += "NULL";
  } else if (!value.children.empty()) {
    for (const Value& child : value.children) AppendValue(child, text);
  } else if (const auto* string = std::get_if<std::string>(&value.scalar)) {
    base::StrAppend(&text, string->size(), "'", *string);
  } else if (const auto* number = std::get_if<values::Numeric>(&value.scalar)) {
    text += number->ToString();
  } else if (const auto* interval = std::get_if<values::Interval>(&value.scalar)) {
    text += values::FormatInterval(*interval);
  } else if (const auto* real = std::get_if<double>(&value.scalar)) {
    char digits[40];
    std::snprintf(digits, sizeof(digits), "%a", *real);
    text += digits;
  } else if (const auto* integer = std::get_if<int64_t>(&value.scalar)) {
    base::StrAppend(&text, *integer);
  } else {
    text += std::get<bool>(value.scalar) ? "true" : "false";
  }
}

void Append(const ResolvedExpression& expression, std::string& text) {
  base::StrAppend(&text, "(", static_cast<int>(expression.kind), ":", expression.type.ToString(), " ");
  switch (expression.kind) {
    case ResolvedKind::kLiteral:
      AppendValue(Resolved<ResolvedLiteral>(expression).value, text);
      break;
    case ResolvedKind::kColumn:
      base::StrAppend(&text, Resolved<ResolvedColumn>(expression).id);
      break;
    case ResolvedKind::kCall: {
      const auto& call = Resolved<ResolvedCall>(expression);
      base::StrAppend(&text, call.signature->form, call.safe ? "?" : "");
      for (const auto& argument : call.arguments) Append(*argument, text);
      break;
    }
    case ResolvedKind::kCast: {
      const auto& cast = Resolved<ResolvedCast>(expression);
      text += cast.safe ? "?" : "";
      Append(*cast.operand, text);
      break;
    }
    case ResolvedKind::kCase: {
      const auto& node = Resolved<ResolvedCase>(expression);
      for (const auto& branch : node.branches) {
        Append(*branch.condition, text);
        Append(*branch.result, text);
      }
      Append(*node.otherwise, text);
      break;
    }
    case ResolvedKind::kGetField: {
      const auto& node = Resolved<ResolvedGetField>(expression);
      base::StrAppend(&text, node.index);
      Append(*node.operand, text);
      break;
    }
    case ResolvedKind::kMakeStruct:
      for (const auto& field : Resolved<ResolvedMakeStruct>(expression).fields) Append(*field, text);
      break;
    case ResolvedKind::kMakeArray:
      for (const auto& element : Resolved<ResolvedMakeArray>(expression).elements) Append(*element, text);
      break;
    case ResolvedKind::kSubquery:
    case ResolvedKind::kTransformArray:
      base::StrAppend(&text, reinterpret_cast<uintptr_t>(&expression));
      break;
  }
  text += ")";
}

}  // namespace

std::string Fingerprint(const ResolvedExpression& expression) {
  std::string text;
  Append(expression, text);
  return text;
}

}  // namespace bqcdc::emulator::sql
