#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "bqcdc/emulator/engine/checkpoint_journal.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"

namespace bqcdc::emulator::engine {

// One of the store's DuckDB files, attached under its own name: where its changes wait in a write-ahead log
// until a checkpoint takes them into the file. Lives longer than the DuckDB instance that has it attached.
class StoreFile {
 public:
  // `name`.duckdb in `directory`.
  StoreFile(const std::string& directory, std::string name);

  // Thread-safe. Bytes in the write-ahead log, 0 where there is none.
  int64_t LogBytes() const;
  // A failure leaves the log longer, and a later call may succeed. One thread at a time for a file.
  absl::Status Checkpoint(Connection& connection);

 private:
  friend class Store;
  absl::Status Attach(Connection& connection) const;

  const std::string name_;
  const std::string path_;
  CheckpointJournal journal_;
};

}  // namespace bqcdc::emulator::engine
