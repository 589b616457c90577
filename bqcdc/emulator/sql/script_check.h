#pragma once

#include "absl/status/status.h"
#include "bqcdc/emulator/sql/parser/ast.h"

namespace bqcdc::emulator::sql {

// Refuses a script that could not be run to its end, wherever the statement stands that would end it: it is
// not begun.
absl::Status CheckScript(const Script& script);

}  // namespace bqcdc::emulator::sql
