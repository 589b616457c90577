#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/handlers/stream_name.h"

namespace bqcdc::emulator::handlers {

// The table as the write API sees it that has not met it before: one that is not there, or that was created
// less than `propagation` ago by the server's clock, is denied (WriteOptions::table_propagation); a view is
// refused.
absl::StatusOr<catalog::Table> MeetTable(const engine::Database& database, const StreamName& stream,
                                         absl::Duration propagation);

}  // namespace bqcdc::emulator::handlers
