#pragma once

#include <cstddef>

#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"
#include "tests/oracle/value.h"

// Values of histories in the engine's vectors, and back.
namespace bqcdc::oracle {

void WriteValue(const schema::Column& column, const Value& value, emulator::engine::VectorWriter writer,
                size_t row);
Value ReadValue(const schema::Column& column, const emulator::engine::VectorReader& reader, size_t row);

}  // namespace bqcdc::oracle
