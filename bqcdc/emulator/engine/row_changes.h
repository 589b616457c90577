#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "bqcdc/emulator/engine/chunk.h"

// What UPDATE, DELETE, MERGE and TRUNCATE do to the rows of a table, as plain values.
namespace bqcdc::emulator::engine {

enum class RowChange : uint8_t { kInsert = 1, kUpdate = 2, kDelete = 3 };

struct RowChanges {
  // A SELECT of DuckDB's SQL, a row for each change: the RowChange; the number of the row that it is about
  // (ReadSession::NumberedRelationSql), NULL for an insert; the table's columns as they shall be, in table
  // order, NULL for a delete.
  std::string duckdb_sql;
  // TRUNCATE: the deletes that came as changes are forgotten with the rows.
  bool truncates = false;
  // Looks at the rows as they shall be, in table order, before any is stored; may be empty.
  std::function<absl::Status(const Chunk&)> check;
};

struct RowChangeCounts {
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t deleted = 0;

  int64_t total() const { return inserted + updated + deleted; }
};

}  // namespace bqcdc::emulator::engine
