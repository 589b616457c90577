#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::handlers {

// Evaluates a column's DEFAULT for `rows` rows of a request that came at `now`.
using DefaultEvaluator = std::function<absl::StatusOr<std::vector<engine::Chunk>>(
    const schema::Column& column, size_t rows, absl::Time now)>;

}  // namespace bqcdc::emulator::handlers
