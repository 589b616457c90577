#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/cancellation.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/emulator/engine/query_result.h"
#include "duckdb.h"

namespace bqcdc::emulator::engine {

// A connection of the store's DuckDB instance. One thread at a time. Errors of our own statements are
// Internal: they are our mistakes, or the disk's; or ResourceExhausted where memory does not suffice. Under a
// Cancellation (RunningUnder) every statement may fail with why it was cancelled. store_error.h tells the
// store's errors from a query's.
class Connection {
 public:
  static absl::StatusOr<std::unique_ptr<Connection>> Open(duckdb_database database);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  duckdb_connection handle() const { return connection_; }

  // Runs statements, or none, whose rows nobody wants.
  absl::Status Run(std::string_view sql);
  // The same for one statement that comes again and again: it is parsed once. `sql` must live as long as the
  // connection.
  absl::Status RunPrepared(const char* sql);
  // Runs a statement and hands over its rows chunk by chunk, as they are computed. `each` must not use this
  // connection.
  absl::Status Read(std::string_view sql, const std::function<absl::Status(const Chunk&)>& each);
  // The first value of the first row as BIGINT; unset for no row or NULL.
  absl::StatusOr<std::optional<int64_t>> ReadInt64(std::string_view sql);
  // Runs a user's SELECT. What the data brought about (overflow, bad cast, division by zero) is
  // InvalidArgument, a statement that DuckDB does not take is Internal, too little memory ResourceExhausted.
  absl::StatusOr<std::unique_ptr<QueryResult>> Query(std::string_view sql);

  // On any thread: ends what runs now, not what comes next.
  void Interrupt() { duckdb_interrupt(connection_); }
  void set_cancellation(Cancellation* cancellation) { cancellation_ = cancellation; }
  // For what computes long and waits for nobody: this thread lets others run between the pieces of a
  // statement, and sleeps while DuckDB's pool has the only one. Otherwise it spins.
  void set_gives_way(bool gives_way) { gives_way_ = gives_way; }

 private:
  explicit Connection(duckdb_connection connection) : connection_(connection) {}
  enum class Rows { kMaterialised, kStreamed };
  absl::Status Execute(duckdb_prepared_statement statement, Rows rows, duckdb_result* result);
  absl::Status RunEach(const std::string& sql);
  static void WorkAndGiveWay(duckdb_pending_result pending);
  absl::Status CheckCancelled() const;
  absl::Status ErrorOf(duckdb_result* result) const;

  duckdb_connection connection_;
  Cancellation* cancellation_ = nullptr;
  bool gives_way_ = false;
  std::vector<std::pair<const char*, duckdb_prepared_statement>> prepared_;  // few
};

// A write transaction that is rolled back unless it was committed.
class Transaction {
 public:
  static absl::StatusOr<Transaction> Begin(Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  ~Transaction();
  // Durable once it returns OK.
  absl::Status Commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace bqcdc::emulator::engine
