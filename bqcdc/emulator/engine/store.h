#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"
#include "bqcdc/emulator/engine/store_file.h"
#include "duckdb.h"

namespace bqcdc::emulator::engine {

// A data directory that is open: one DuckDB instance with `baseline.duckdb` and `delta.duckdb` attached as
// `baseline` and `delta`, and a lock on `LOCK` that keeps every other process (and Store) out until this
// object ends.
//
// Tables in the baseline file, beside b<uid> and t<uid>:
//   meta(name, value)            `format`, and `next_uid`, the uid of the table that is created next
//   entity(kind, name, json)     datasets and tables, see catalog/entity_json.h; the name of a table is its
//   uid apply_record(uid, …)         how far each table's changes have been applied, see table_state.h
class Store {
 public:
  // Goes up when an older program would misread the files; an older directory gets this one when it is
  // opened. 1: without created write streams. 2: with them, in the delta file (stream_sql.h). 3: views among
  // the tables, which store nothing; open ends of a RANGE and TIMESTAMP(12) as chunk.h says.
  static constexpr int64_t kFormat = 3;

  // Creates the directory where it is missing. FailedPrecondition: held by another process, of a newer
  // format, or not writable; the message names the directory.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& directory, int64_t memory_bytes_max,
                                                     int threads);
  ~Store();

  absl::StatusOr<std::unique_ptr<Connection>> Connect() { return Connection::Open(database_); }
  StoreFile& baseline() { return baseline_; }
  StoreFile& delta() { return delta_; }

 private:
  Store(const std::string& directory, int lock)
      : directory_(directory), lock_(lock), baseline_(directory, "baseline"), delta_(directory, "delta") {}
  absl::Status Start(int64_t memory_bytes_max, int threads);
  absl::Status Attach(Connection& connection);
  absl::Status CheckFormat(Connection& connection);

  const std::string directory_;
  const int lock_;  // file descriptor
  StoreFile baseline_, delta_;
  duckdb_database database_ = nullptr;
};

// Names of the tables of `uid`, ready for SQL.
std::string BaselineTable(int64_t uid);
std::string TombstoneTable(int64_t uid);
std::string DeltaTable(int64_t uid);

}  // namespace bqcdc::emulator::engine
