#pragma once

#include <functional>
#include <string>

#include "bqcdc/emulator/sql/analyzer/resolved_query.h"

namespace bqcdc::emulator::sql {

// Calls `visit` for the expression and everything below it, scans of subqueries included, parents first.
// Where `visit` returns true it has dealt with the node, which it may have replaced, and nothing below is
// visited.
using ExpressionVisitor = std::function<bool(ResolvedExpressionPtr&)>;
void WalkExpression(ResolvedExpressionPtr& expression, const ExpressionVisitor& visit);
void WalkScan(ResolvedScan& scan, const ExpressionVisitor& visit);
void WalkAggregateCall(ResolvedAggregateCall& call, const ExpressionVisitor& visit);

// A text that is equal for equal expressions over the same columns. Subqueries never equal each other.
std::string Fingerprint(const ResolvedExpression& expression);

}  // namespace bqcdc::emulator::sql
