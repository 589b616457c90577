#pragma once

#include <string>

#include "absl/status/status.h"
#include "bqcdc/emulator/sql/analyzer/resolved_expression.h"

namespace bqcdc::emulator::sql {

// What the window function `name` asks of its OVER clause (an ORDER BY, no frame) and of its constant
// arguments.
absl::Status CheckWindowCall(const std::string& name, ResolvedAggregateCall& call);

}  // namespace bqcdc::emulator::sql
