#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::sql {

// Values of a column's DEFAULT for `rows` rows, as chunks of one column: evaluated anew for each row where it
// is volatile (GENERATE_UUID, RAND), at `now` where it asks for the time. REQUIRES: the column has a default.
absl::StatusOr<std::vector<engine::Chunk>> EvaluateDefault(engine::Database& database,
                                                           const schema::Column& column, size_t rows,
                                                           absl::Time now);

// Whether the column's default is one that the service takes and gives a value of the column.
absl::Status CheckDefault(engine::Database& database, const schema::Column& column);

}  // namespace bqcdc::emulator::sql
