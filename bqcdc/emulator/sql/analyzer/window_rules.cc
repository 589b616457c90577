// https://cloud.google.com/bigquery/docs/reference/standard-sql/numbering_functions and navigation_functions

#include "bqcdc/emulator/sql/analyzer/window_rules.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/expression_walk.h"

namespace bqcdc::emulator::sql {
namespace {

enum class Order { kRequired, kOptional, kRefused };

// The window functions that take no frame.
struct FramelessFunction {
  const char* name;
  Order order;
  // The argument that has to be a constant, and the least that it may be.
  int constant = -1;
  int64_t least = 0;
};

constexpr FramelessFunction kFrameless[] = {
    {"ROW_NUMBER", Order::kOptional},     {"RANK", Order::kRequired},
    {"DENSE_RANK", Order::kRequired},     {"PERCENT_RANK", Order::kRequired},
    {"CUME_DIST", Order::kRequired},      {"NTILE", Order::kRequired, 0, 1},
    {"LAG", Order::kRequired, 1, 0},      {"LEAD", Order::kRequired, 1, 0},
    {"PERCENTILE_CONT", Order::kRefused},
};

absl::Status CheckConstant(const std::string& name, const ResolvedExpression& argument, int64_t least) {
  if (argument.kind != ResolvedKind::kLiteral) {
    return Unsupported(argument.position, name, " of an argument that is not a literal or query parameter");
  }
  const Value& value = Resolved<ResolvedLiteral>(argument).value;
  if (value.is_null)
    return ErrorAt(argument.position, "The constant argument of ", name, " must not be NULL");
  if (std::get<int64_t>(value.scalar) < least) {
    return ErrorAt(argument.position, "The constant argument of ", name, " must not be ",
                   least == 0 ? "negative" : "less than 1");
  }
  return absl::OkStatus();
}

// Of LAG and LEAD, whose third argument stands for rows that are not there.
absl::Status CheckDefault(const std::string& name, ResolvedExpressionPtr& argument) {
  bool is_constant = true;
  WalkExpression(argument, [&](ResolvedExpressionPtr& node) {
    is_constant = is_constant && node->kind != ResolvedKind::kColumn;
    return !is_constant;
  });
  if (is_constant) return absl::OkStatus();
  return ErrorAt(argument->position, "The third argument (the default expression) to ", name,
                 " must be constant");
}

absl::Status CheckFraction(const ResolvedExpression& argument) {
  if (argument.kind != ResolvedKind::kLiteral) {
    return Unsupported(argument.position,
                       "PERCENTILE_CONT of a fraction that is not a literal or query parameter");
  }
  const Value& value = Resolved<ResolvedLiteral>(argument).value;
  const double fraction = value.is_null ? -1 : std::get<double>(value.scalar);
  if (fraction >= 0 && fraction <= 1) return absl::OkStatus();
  return ErrorAt(argument.position, "The second argument of PERCENTILE_CONT must be in the range [0, 1]");
}

}  // namespace

absl::Status CheckWindowCall(const std::string& name, ResolvedAggregateCall& call) {
  if (name == "NTH_VALUE") return CheckConstant(name, *call.arguments[1], 1);
  const auto* const rule = std::find_if(std::begin(kFrameless), std::end(kFrameless),
                                        [&](const auto& f) { return name == f.name; });
  if (rule == std::end(kFrameless)) return absl::OkStatus();
  const std::string shown = absl::AsciiStrToLower(name);
  if (call.window->has_frame) {
    return ErrorAt(call.position, "Window framing clause is not allowed for analytic function ", shown);
  }
  if (rule->order == Order::kRequired && call.window->order_by.empty()) {
    return ErrorAt(call.position, "Window ORDER BY is required for analytic function ", shown);
  }
  if (rule->order == Order::kRefused && !call.window->order_by.empty()) {
    return ErrorAt(call.position, "Window ORDER BY is not allowed for analytic function ", shown);
  }
  if ((name == "LAG" || name == "LEAD") && call.arguments.size() > 2)
    BQCDC_RETURN_IF_ERROR(CheckDefault(name, call.arguments[2]));
  if (name == "PERCENTILE_CONT") return CheckFraction(*call.arguments[1]);
  if (rule->constant < 0 || call.arguments.size() <= static_cast<size_t>(rule->constant))
    return absl::OkStatus();
  return CheckConstant(name, *call.arguments[rule->constant], rule->least);
}

}  // namespace bqcdc::emulator::sql
