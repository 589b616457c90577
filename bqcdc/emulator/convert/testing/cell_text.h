#pragma once

#include <string>

#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::convert::testing {

// A cell as text for comparisons: NULL, true, 12, 1.5, "text", x'00ff', 2024-01-31, [1, 2], {a: 1, b: NULL}.
std::string CellText(const schema::Column& column, const engine::VectorReader& reader, size_t row);

// A FLOAT64 in it: the shortest digits that read back the same.
std::string FloatCellText(double value);

}  // namespace bqcdc::emulator::convert::testing
