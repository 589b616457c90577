#pragma once

#include <string>

#include "absl/status/status.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"

// What the parameters of a column's type do to values that SQL writes: NUMERIC(p, s) rounds to its scale, and
// what is too long or out of range is refused with the service's words, fields of STRUCTs and elements of
// ARRAYs included.
namespace bqcdc::emulator::sql {

// `value`, an expression of DuckDB with the column's type, as the column keeps it.
std::string ConstrainSql(const schema::Column& column, const std::string& value);

// Checks every value of column `index` of the chunk: lengths, precision, NULL in arrays and in REQUIRED
// fields.
absl::Status CheckStored(const engine::Chunk& chunk, size_t index, const schema::Column& column);

}  // namespace bqcdc::emulator::sql
