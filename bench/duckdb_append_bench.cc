// DuckDB's own appender at its fastest, on the rows of one file: data chunks that were made before, one
// thread, durable commits, nothing else to do. What bench/serve_appends sets bqcdc-serve beside.
//
//   duckdb_append_bench [--rows-per-commit N] [--turns N] [--key] FILE
//
// The file is one that bench/peers/run makes. No change types, no sequence numbers: plain rows of ten
// columns.

#include <duckdb.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "bqcdc/base/testing/temporary_directory.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"

namespace {

namespace engine = bqcdc::emulator::engine;
using Clock = std::chrono::steady_clock;

constexpr char kSums[] =
    "SELECT count(*) * 1000003 + sum(quantity) + sum(length(note)) + sum(price * 100)::BIGINT FROM ";

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "duckdb_append_bench: %s\n", why.c_str());
  std::exit(1);
}

// A DuckDB of its own; ends with the object.
class Store {
 public:
  explicit Store(const char* path) {
    if (duckdb_open(path, &database_) != DuckDBSuccess) Fail("cannot open a database");
    connection_ = *engine::Connection::Open(database_);
  }
  ~Store() {
    connection_ = nullptr;
    duckdb_close(&database_);
  }
  void Run(const std::string& sql) {
    if (const absl::Status status = connection_->Run(sql); !status.ok())
      Fail(absl::StrCat(sql, ": ", status.message()));
  }
  int64_t Read(const std::string& sql) {
    const auto value = connection_->ReadInt64(sql);
    if (!value.ok() || !value->has_value()) Fail(absl::StrCat(sql, ": ", value.status().message()));
    return **value;
  }
  duckdb_connection handle() { return connection_->handle(); }

 private:
  duckdb_database database_ = nullptr;
  std::unique_ptr<engine::Connection> connection_;
};

// The rows of the file in chunks of DuckDB's own making, all of them in memory.
class Rows {
 public:
  explicit Rows(const std::string& file) : store_(nullptr) {
    store_.Run(absl::StrCat(
        "CREATE TABLE rows AS SELECT id, customer, status, region, quantity, price::DECIMAL(38, 9) AS price, "
        "paid, "
        "make_timestamp(created) AS created, note, weight FROM read_json('",
        absl::StrReplaceAll(file, {{"'", "''"}}),
        "', format = 'newline_delimited', columns = {id: 'BIGINT', customer: 'VARCHAR', status: 'VARCHAR', "
        "region: 'VARCHAR', quantity: 'BIGINT', price: 'VARCHAR', paid: 'BOOLEAN', created: 'BIGINT', note: "
        "'VARCHAR', "
        "weight: 'DOUBLE'})"));
    sums_ = store_.Read(absl::StrCat(kSums, "rows"));
    if (duckdb_query(store_.handle(), "FROM rows", &result_) != DuckDBSuccess) Fail("cannot read the rows");
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result_)) {
      count_ += static_cast<int64_t>(duckdb_data_chunk_get_size(chunk));
      chunks_.push_back(chunk);
    }
  }
  ~Rows() {
    for (duckdb_data_chunk& chunk : chunks_) duckdb_destroy_data_chunk(&chunk);
    duckdb_destroy_result(&result_);
  }
  const std::vector<duckdb_data_chunk>& chunks() const { return chunks_; }
  int64_t count() const { return count_; }
  int64_t sums() const { return sums_; }

 private:
  Store store_;
  duckdb_result result_ = {};
  std::vector<duckdb_data_chunk> chunks_;
  int64_t count_ = 0, sums_ = 0;
};

// Appends all rows to a new table in a new file; returns the seconds.
double AppendAll(const Rows& rows, int64_t rows_per_commit, bool key) {
  const bqcdc::base::TemporaryDirectory directory;
  Store store((directory.path() + "/raw.duckdb").c_str());
  // No checkpoint on the way: it would be counted.
  store.Run("PRAGMA wal_autocheckpoint = '100GB'");
  store.Run(absl::StrCat(
      "CREATE TABLE t (id BIGINT", key ? " PRIMARY KEY" : "",
      ", customer VARCHAR, status VARCHAR, region VARCHAR, quantity BIGINT, price DECIMAL(38, 9), "
      "paid BOOLEAN, created TIMESTAMP, note VARCHAR, weight DOUBLE)"));
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < rows.chunks().size();) {
    store.Run("BEGIN");
    duckdb_appender appender = nullptr;
    if (duckdb_appender_create(store.handle(), nullptr, "t", &appender) != DuckDBSuccess) Fail("no appender");
    for (int64_t taken = 0; taken < rows_per_commit && i < rows.chunks().size(); ++i) {
      if (duckdb_append_data_chunk(appender, rows.chunks()[i]) != DuckDBSuccess)
        Fail(duckdb_appender_error(appender));
      taken += static_cast<int64_t>(duckdb_data_chunk_get_size(rows.chunks()[i]));
    }
    if (duckdb_appender_destroy(&appender) != DuckDBSuccess) Fail("the appender cannot be flushed");
    store.Run("COMMIT");
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (store.Read(absl::StrCat(kSums, "t")) != rows.sums()) Fail("the table is not the file");
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("DuckDB's own appender on the rows of one file");
  int64_t rows_per_commit = 50'000;
  int turns = 3;
  bool key = false;
  std::string file;
  app.add_option("--rows-per-commit", rows_per_commit, "rows of a transaction")->check(CLI::PositiveNumber);
  app.add_option("--turns", turns, "the best counts")->check(CLI::PositiveNumber);
  app.add_flag("--key", key, "id is the primary key, with DuckDB's index");
  app.add_option("file", file, "JSON lines")->required();
  CLI11_PARSE(app, argc, argv);

  const Rows rows(file);
  double best = 1e9;
  for (int turn = 0; turn < turns; ++turn) best = std::min(best, AppendAll(rows, rows_per_commit, key));
  std::printf("%lld rows, %lld a commit%s: %.0f rows/s\n", static_cast<long long>(rows.count()),
              static_cast<long long>(rows_per_commit), key ? ", primary key" : "",
              static_cast<double>(rows.count()) / best);
}
