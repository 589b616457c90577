#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/cdc/fold.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"
#include "bqcdc/emulator/engine/table_state.h"

namespace bqcdc::emulator::engine {

// Folds the pending rows of `view`, asking the baseline through `connection` for the winners that decide.
// REQUIRES: the transaction of `connection` sees the baseline and the delta of `view`. The work is kept in
// `state` for the next caller.
absl::StatusOr<std::shared_ptr<const FoldedView>> FoldPending(const cdc::FoldRules& rules,
                                                              const catalog::Table& table,
                                                              const PendingView& view, TableState& state,
                                                              Connection& connection);

}  // namespace bqcdc::emulator::engine
