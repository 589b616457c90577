#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"

namespace bqcdc::emulator::engine {

// Appends chunks to a table of the delta file. Within a Transaction the rows are a part of it; without one,
// Close stores them all or none, durably, as long as they are no more than kRowsAtOnceMax. What was not
// closed, or could not be, is not stored. One thread at a time.
class TableAppender {
 public:
  // DuckDB's appender stores what it was given whenever that is 204,800 rows.
  static constexpr size_t kRowsAtOnceMax = 200'000;

  // An error, for example of a table that is not there, comes from Close.
  TableAppender(Connection& connection, const std::string& table);
  ~TableAppender();
  TableAppender(TableAppender&& other) noexcept;
  TableAppender& operator=(TableAppender&&) = delete;

  void Append(const Chunk& chunk);
  // Ends it; call it once.
  absl::Status Close();

 private:
  duckdb_appender appender_ = nullptr;
  bool ok_ = true;
  bool stored_ = false;
};

}  // namespace bqcdc::emulator::engine
