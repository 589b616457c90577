#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::engine {

// A function that queries may call by `name` beside DuckDB's own. Types are columns whose name does not
// count; how each is stored says chunk.h.
struct ScalarFunction {
  std::string name;
  std::vector<schema::Column> parameters;
  schema::Column result;
  // The last parameter may be given any number of times, also never.
  bool variadic = false;
  // Every call gives another value (GENERATE_UUID), so a call is never folded or shared.
  bool is_volatile = false;
  // Writes rows [0, rows) of `result`, NULLs included: nothing is decided by NULL arguments before. An error
  // fails the query with its message. Called from several threads at once.
  std::function<absl::Status(const std::vector<VectorReader>& arguments, size_t rows, VectorWriter result)>
      evaluate;
};

// Registers `function` for all connections of the instance that `connection` (a duckdb_connection) belongs
// to.
absl::Status RegisterScalarFunction(void* connection, const ScalarFunction& function);

}  // namespace bqcdc::emulator::engine
