#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/sql/query_runner.h"

namespace bqcdc::emulator::server {

absl::StatusOr<sql::QueryOutcome> RunQuery(engine::Database& database, const sql::QueryRequest& request);
absl::StatusOr<std::vector<engine::Chunk>> EvaluateDefault(engine::Database& database,
                                                           const schema::Column& column, size_t rows,
                                                           absl::Time now);

}  // namespace bqcdc::emulator::server
