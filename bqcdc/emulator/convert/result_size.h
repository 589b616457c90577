#pragma once

#include <cstdint>
#include <vector>

#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::convert {

// Bytes that the rows of a chunk take in memory, roughly: fixed parts and the length of texts.
int64_t ResultBytes(const std::vector<schema::Column>& columns, const engine::Chunk& chunk);

}  // namespace bqcdc::emulator::convert
