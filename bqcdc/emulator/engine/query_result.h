#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/chunk.h"

namespace bqcdc::emulator::engine {

// Rows of a query, chunk by chunk. Column types are known to whoever wrote the query; see chunk.h for how
// each is stored.
class QueryResult {
 public:
  virtual ~QueryResult() = default;
  virtual size_t column_count() const = 0;
  // The next rows, unset at the end.
  virtual absl::StatusOr<std::optional<Chunk>> Next() = 0;
};

}  // namespace bqcdc::emulator::engine
