#pragma once

#include "absl/status/status.h"
#include "bqcdc/emulator/engine/database_core.h"

namespace bqcdc::emulator::engine {

// Reads a store that was just opened into memory, and repairs what a kill left between the two files: delta
// tables that no table owns, delta tables with other columns than their table's, delta rows that are applied
// already. Runs before any thread.
absl::Status Recover(DatabaseCore& core, Connection& connection);

}  // namespace bqcdc::emulator::engine
