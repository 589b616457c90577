#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/table_resource.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/handlers/job.h"
#include "bqcdc/emulator/handlers/rest_request.h"

namespace bqcdc::emulator::handlers {

// The table that a call's path names. Errors: notImplemented, for a partition of one (`t$20240131`).
absl::StatusOr<catalog::TableId> TableOf(const MethodCall& call);

// True for a finished job with rows to read.
bool HasRows(const Job& job);

// Rows of a table as a query sees them now, their logical bytes, and what is not applied of it. A view has
// none.
absl::StatusOr<convert::TableSize> MeasureTable(engine::Database& database, const catalog::Table& table);

// A stretch of a table's rows and how many there are at that instant.
struct TableRows {
  std::vector<engine::Chunk> chunks;
  int64_t total = 0;
};
absl::StatusOr<TableRows> ReadTable(engine::Database& database, const catalog::Table& table, int64_t first,
                                    int64_t count);

}  // namespace bqcdc::emulator::handlers
