#pragma once

#include <string>

#include "absl/status/status.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"

namespace bqcdc::emulator::engine {

// DuckDB's SQL for the logical bytes of a row of the table's relation, NULL counting 0
// (https://cloud.google.com/bigquery/pricing#data: fixed sizes by type, texts by their length and 2).
std::string LogicalRowBytesSql(const catalog::Table& table);

// Makes the functions that this SQL calls known to the instance of `connection`. Once for each instance.
absl::Status RegisterLogicalSize(Connection& connection);

}  // namespace bqcdc::emulator::engine
