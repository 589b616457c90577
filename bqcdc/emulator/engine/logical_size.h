#pragma once

#include <string>

#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::engine {

// DuckDB's SQL for the logical bytes of a column's value, NULL counting 0
// (https://cloud.google.com/bigquery/pricing#data: fixed sizes by type, texts by their length and 2).
std::string LogicalBytesSql(const schema::Column& column, const std::string& value);
// The same for a row of the table's relation.
std::string LogicalRowBytesSql(const catalog::Table& table);

}  // namespace bqcdc::emulator::engine
