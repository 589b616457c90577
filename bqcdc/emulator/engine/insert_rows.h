#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/database.h"

namespace bqcdc::emulator::engine {

// The rows of a SELECT (columns in table order) as plain rows of `table`, cast to its columns.
// InvalidArgument where a REQUIRED column would be NULL, or where there are more rows than limits.h allows.
absl::StatusOr<AppendBatch> ReadInsertedRows(const catalog::Table& table, std::string_view duckdb_sql,
                                             ReadSession& session);

// The table's columns, each as it is stored (StoredSql), divided by ", ".
std::string CastColumns(const catalog::Table& table);
// InvalidQuery where a row of the table's columns has NULL in a REQUIRED one.
absl::Status CheckRequired(const catalog::Table& table, const Chunk& rows);

}  // namespace bqcdc::emulator::engine
