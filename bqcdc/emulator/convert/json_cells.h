#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::convert {

// Why a row of tabledata.insertAll was refused. `location` is the path of the column; `message` is the
// service's text and may hold the value.
struct JsonRowFault {
  std::string location;
  std::string message;
};

struct JsonRowOptions {
  bool ignore_unknown_values = false;
  // Writes the default of column `column` as row `at` of the chunk; false where it cannot be had. For columns
  // that have a default and that the row does not name (a null is a NULL). Unset: such a column becomes NULL.
  std::function<bool(size_t column, engine::VectorWriter& writer, size_t at)> write_default;
};

// Writes the JSON object `row` as row `at` of a chunk of `columns` (the first writers of it), by the
// conversions of tabledata.insertAll: names without regard to case, absent = null = NULL, numbers and
// booleans also as text, TIMESTAMP numbers as seconds. A NUMERIC with a fraction must come as text, for a
// JSON number has lost its digits by then. On a fault the row is half written and the chunk of no more use.
std::optional<JsonRowFault> WriteJsonRow(const nlohmann::json& row,
                                         const std::vector<schema::Column>& columns,
                                         const JsonRowOptions& options, engine::Chunk& chunk, size_t at);

}  // namespace bqcdc::emulator::convert
