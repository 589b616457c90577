#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "benchmark/benchmark.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/base/spare_core.h"
#include "bqcdc/base/thread_class.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"

// Durable rows per second through Database::Append, from chunks that were made before. Ten columns, as in the
// first prototypes of the store. Arguments: rows in a request, requests in flight, primary key or not.
namespace bqcdc::emulator::engine {
namespace {

constexpr int64_t kRows = 400'000;

double Seconds(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<schema::Column> TenColumns() {
  using enum schema::ColumnType;
  constexpr schema::ColumnType kTypes[] = {kInt64,   kInt64,     kString, kString, kNumeric,
                                           kFloat64, kTimestamp, kDate,   kBool,   kBytes};
  std::vector<schema::Column> columns;
  for (const schema::ColumnType type : kTypes) {
    schema::Column& column = columns.emplace_back();
    column.name = "c" + std::to_string(columns.size());
    column.type = type;
  }
  return columns;
}

// Row n has the key n; everything else of it, its sequence number too, is made of n + `shift`.
Chunk MakeRows(const std::vector<schema::Column>& columns, int64_t first, int64_t rows, bool keyed,
               int64_t shift = 0) {
  Chunk chunk(columns, /*change_columns=*/true);
  VectorWriter w[15] = {chunk.Writer(0),  chunk.Writer(1),  chunk.Writer(2),  chunk.Writer(3),
                        chunk.Writer(4),  chunk.Writer(5),  chunk.Writer(6),  chunk.Writer(7),
                        chunk.Writer(8),  chunk.Writer(9),  chunk.Writer(10), chunk.Writer(11),
                        chunk.Writer(12), chunk.Writer(13), chunk.Writer(14)};
  for (int64_t i = 0; i < rows; ++i) {
    w[0].SetInt64(i, first + i);
    const int64_t n = first + i + shift;
    w[1].SetInt64(i, n * 7919);
    w[2].SetBytes(i, "name " + std::to_string(n));
    w[3].SetBytes(i, "a longer text, number " + std::to_string(n % 1000));
    w[4].SetInt128(i, n * 1'000'000'000);
    w[5].SetDouble(i, static_cast<double>(n) / 3);
    w[6].SetInt64(i, 1'700'000'000'000'000 + n);
    w[7].SetInt32(i, static_cast<int32_t>(n % 20'000));
    w[8].SetBool(i, n % 2 == 0);
    w[9].SetBytes(i, "\x01\x02\x03\x04");
    w[10].SetUint8(i, static_cast<uint8_t>(keyed ? RowOperation::kUpsert : RowOperation::kPlain));
    if (keyed) {
      w[11].SetUint128(i, static_cast<unsigned __int128>(n));
      w[12].SetUint128(i, 0);
    } else {
      w[11].SetNull(i);
      w[12].SetNull(i);
    }
  }
  chunk.SetRowCount(rows);
  return chunk;
}

struct Setup {
  testing::TemporaryDirectory directory;
  std::unique_ptr<Database> database;
  catalog::Table table;

  explicit Setup(bool keyed, bool background_apply) {
    DatabaseOptions options;
    options.data_dir = directory.path();
    options.background_apply = background_apply;
    database = *Database::Open(options, &base::SystemClock::Get());
    catalog::Dataset dataset;
    dataset.id = {"p", "d"};
    if (!database->CreateDataset(dataset).ok()) std::abort();
    table.id = {"p", "d", "t"};
    table.schema.columns = TenColumns();
    if (keyed) table.schema.primary_key = {"c1"};
    table = *database->CreateTable(table, false);
  }

  AppendBatch MakeBatch(int64_t first, int64_t rows, bool keyed, int64_t shift = 0) const {
    AppendBatch batch;
    batch.table_uid = table.uid;
    batch.schema_version = table.schema_version;
    batch.bytes = rows * 120;
    batch.chunks.push_back(MakeRows(table.schema.columns, first, rows, keyed, shift));
    return batch;
  }
};

// Sends all, at most `window` at a time.
void AppendAll(Database& database, std::vector<AppendBatch> batches, int64_t window) {
  absl::Mutex mutex;
  int64_t in_flight = 0;
  for (AppendBatch& batch : batches) {
    {
      absl::MutexLock lock(&mutex);
      const auto has_room = [&] { return in_flight < window; };
      mutex.Await(absl::Condition(&has_room));
      ++in_flight;
    }
    database.Append(std::move(batch), [&](absl::Status status) {
      if (!status.ok()) std::abort();
      absl::MutexLock lock(&mutex);
      --in_flight;
    });
  }
  absl::MutexLock lock(&mutex);
  const auto empty = [&] { return in_flight == 0; };
  mutex.Await(absl::Condition(&empty));
}

void BM_Append(benchmark::State& state) {
  const int64_t rows = state.range(0), window = state.range(1);
  const bool keyed = state.range(2) != 0;
  int64_t commits = 0;
  for (auto _ : state) {
    Setup setup(keyed, /*background_apply=*/true);
    std::vector<AppendBatch> batches;
    for (int64_t first = 0; first < kRows; first += rows)
      batches.push_back(setup.MakeBatch(first, rows, keyed));
    const auto start = std::chrono::steady_clock::now();
    AppendAll(*setup.database, std::move(batches), window);
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    commits += setup.database->commit_counts().commits;
    if (setup.database->Stats(setup.table.id)->row_count != kRows) state.SkipWithError("rows are missing");
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.counters["commits"] = static_cast<double>(commits);
}
BENCHMARK(BM_Append)
    ->ArgNames({"rows", "window", "keyed"})
    ->ArgsProduct({{500, 2000}, {16, 64}, {0, 1}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(2);

// The same for so long that pending rows reach their limit and are applied meanwhile. Rows are made on the
// way, by the thread that sends them.
void BM_AppendSustained(benchmark::State& state) {
  const int64_t total = state.range(0), rows = 2000, window = 32;
  for (auto _ : state) {
    Setup setup(/*keyed=*/true, /*background_apply=*/true);
    const auto start = std::chrono::steady_clock::now();
    for (int64_t first = 0; first < total; first += window * rows) {
      std::vector<AppendBatch> batches;
      for (int64_t i = 0; i < window; ++i) batches.push_back(setup.MakeBatch(first + i * rows, rows, true));
      AppendAll(*setup.database, std::move(batches), window);
    }
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    const auto stats = *setup.database->Stats(setup.table.id);
    state.counters["pending"] = static_cast<double>(stats.pending_changes);
    if (stats.row_count < total) state.SkipWithError("rows are missing");
  }
  state.SetItemsProcessed(state.iterations() * total);
}
BENCHMARK(BM_AppendSustained)->Arg(6'400'000)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(1);

// Folds pending rows into a baseline, and queries before and after. Arguments: rows of the baseline, pending
// changes.
void BM_MergeAndApply(benchmark::State& state) {
  const int64_t baseline = state.range(0), pending = state.range(1);
  for (auto _ : state) {
    Setup setup(/*keyed=*/true, /*background_apply=*/false);
    std::vector<AppendBatch> batches;
    for (int64_t first = 0; first < baseline; first += 2000)
      batches.push_back(setup.MakeBatch(first, 2000, true));
    AppendAll(*setup.database, std::move(batches), 64);
    if (!setup.database->Apply(std::nullopt).ok()) std::abort();
    batches.clear();
    // Half of the changes are late: the baseline has to be asked.
    for (int64_t first = 0; first < pending; first += 2000) {
      batches.push_back(setup.MakeBatch(baseline - pending / 2 + first, 2000, true));
    }
    AppendAll(*setup.database, std::move(batches), 64);
    const auto query = [&] {
      auto session = *setup.database->BeginRead();
      auto relation = *session->RelationSql(setup.table);
      auto result = session->Execute("SELECT count(*), sum(c2), max(c6) FROM " + relation);
      if (!result.ok()) std::abort();
    };
    state.counters["first_query_ms"] = Seconds(query) * 1000;
    state.counters["next_query_ms"] = Seconds(query) * 1000;
    state.SetIterationTime(Seconds([&] {
      if (!setup.database->Apply(std::nullopt).ok()) std::abort();
    }));
    state.counters["applied_query_ms"] = Seconds(query) * 1000;
  }
}
BENCHMARK(BM_MergeAndApply)
    ->ArgNames({"baseline", "pending"})
    ->Args({1'000'000, 100'000})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

// A count, a sum and a maximum as one number, so that none of them can be left out.
std::string MergeDigest(const std::string& relation) {
  return absl::StrCat("SELECT (count(*) + sum(c2) + max(c6)::BIGINT)::BIGINT FROM ", relation);
}

int64_t ReadDigest(QueryResult& result) {
  const auto chunk = result.Next();
  if (!chunk.ok() || !chunk->has_value()) std::abort();
  return (*chunk)->Reader(0).Int64(0);
}

// The same rows in a DuckDB of their own, written by hand as well as can be: what merging and applying cost
// without change data capture.
class RawDuckDb {
 public:
  RawDuckDb(int64_t baseline, int64_t pending) {
    const std::string path = directory_.path() + "/raw.duckdb";
    if (duckdb_open(path.c_str(), &database_) == DuckDBError) std::abort();
    connection_ = *Connection::Open(database_);
    Run("SET wal_autocheckpoint = '1TB'");  // as in the store: no statement pays for a checkpoint
    MakePending(baseline - pending / 2, baseline + pending / 2);
    for (const char* table : {"deleted_and_inserted", "merged"})
      Run(absl::StrCat("CREATE TABLE ", table, " AS ", Rows(0, baseline)));
    Run("CHECKPOINT");
  }
  ~RawDuckDb() {
    connection_.reset();
    duckdb_close(&database_);
  }

  // The best of several formulations, three turns each; `digest` is what they answer.
  double BestMerge(int64_t* digest) {
    double best = 1e9;
    for (const char* unchanged :
         {"WHERE NOT EXISTS (SELECT 1 FROM pending p WHERE p.c1 = t.c1)", "ANTI JOIN pending p USING (c1)",
          "WHERE c1 NOT IN (SELECT c1 FROM pending)"}) {
      for (int turn = 0; turn < 3; ++turn) {
        best = std::min(
            best, Seconds([&] {
              const auto read = connection_->ReadInt64(MergeDigest(absl::StrCat(
                  "(SELECT c2, c6 FROM merged t ", unchanged, " UNION ALL SELECT c2, c6 FROM pending)")));
              if (!read.ok()) std::abort();
              *digest = **read;
            }));
      }
    }
    return best;
  }
  double BestApply() {
    const double replaced = Seconds([&] {
      Run("BEGIN");
      Run("DELETE FROM deleted_and_inserted WHERE c1 IN (SELECT c1 FROM pending)");
      Run("INSERT INTO deleted_and_inserted SELECT * FROM pending");
      Run("COMMIT");
    });
    const double merged = Seconds([&] {
      Run("MERGE INTO merged USING pending USING (c1) WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT");
    });
    return std::min(replaced, merged);
  }

  // Other pending rows, which are made as MakeRows makes them.
  void MakePending(int64_t first, int64_t end, int64_t shift = 0) {
    Run(absl::StrCat("CREATE OR REPLACE TABLE pending AS ", Rows(first, end, shift)));
    Run(absl::StrCat("CREATE OR REPLACE TABLE sequenced_pending AS SELECT *, c1 + ", shift,
                     " AS sequence FROM pending"));
  }
  // The tables of BestApply once more, with a sequence number in each row.
  void AddSequencedTables() {
    for (const std::string table : {"deleted_and_inserted", "merged"})
      Run(absl::StrCat("CREATE TABLE sequenced_", table, " AS SELECT *, c1 AS sequence FROM ", table));
    Run("CHECKPOINT");
  }
  // A change with a lower number than the row's comes too late.
  double BestSequencedApply() {
    const double replaced = Seconds([&] {
      Run("BEGIN");
      Run("DELETE FROM sequenced_deleted_and_inserted AS t USING sequenced_pending AS p WHERE t.c1 = p.c1 "
          "AND "
          "t.sequence <= p.sequence");
      Run("INSERT INTO sequenced_deleted_and_inserted SELECT p.* FROM sequenced_pending AS p ANTI JOIN "
          "sequenced_deleted_and_inserted USING (c1)");
      Run("COMMIT");
    });
    const double merged = Seconds([&] {
      Run("MERGE INTO sequenced_merged AS t USING sequenced_pending AS p USING (c1) WHEN MATCHED AND "
          "t.sequence "
          "<= p.sequence THEN UPDATE WHEN NOT MATCHED THEN INSERT");
    });
    return std::min(replaced, merged);
  }
  int64_t Digest(const std::string& table) {
    const auto read = connection_->ReadInt64(MergeDigest(table));
    if (!read.ok()) std::abort();
    return **read;
  }

 private:
  static std::string Rows(int64_t first, int64_t end, int64_t shift = 0) {
    return absl::StrCat(
        "SELECT n - ", shift,
        " AS c1, n * 7919 AS c2, 'name ' || n AS c3, 'a longer text, number ' || n % 1000 ",
        "AS c4, n::DECIMAL(38, 9) AS c5, n / 3 AS c6, make_timestamp(1700000000000000 + n) AS c7, "
        "DATE '1970-01-01' + (n % 20000)::INT AS c8, n % 2 = 0 AS c9, '\\x01\\x02\\x03\\x04'::BLOB AS c10 "
        "FROM range(",
        first + shift, ", ", end + shift, ") AS r(n)");
  }
  void Run(const std::string& sql) {
    if (const absl::Status status = connection_->Run(sql); !status.ok()) {
      std::fprintf(stderr, "%s: %s\n", sql.c_str(), std::string(status.message()).c_str());
      std::abort();
    }
  }

  testing::TemporaryDirectory directory_;
  duckdb_database database_ = nullptr;
  std::unique_ptr<Connection> connection_;
};

// Appends 500 rows, one request after the other, until `done` says so, and adds the milliseconds from each to
// its acknowledgement.
void AppendUntil(Setup& setup, int64_t* next, std::vector<double>* milliseconds,
                 const std::function<bool()>& done) {
  while (!done()) {
    std::vector<AppendBatch> one;
    one.push_back(setup.MakeBatch(*next, 500, true));
    *next += 500;
    milliseconds->push_back(1000 * Seconds([&] { AppendAll(*setup.database, std::move(one), 1); }));
  }
}

double P99(std::vector<double>& values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[(values.size() * 99) / 100];
}

void AppendBaseline(Setup& setup, int64_t rows) {
  for (int64_t first = 0; first < rows; first += 200'000) {
    std::vector<AppendBatch> batches;
    for (int64_t i = 0; i < 200'000; i += 2000) batches.push_back(setup.MakeBatch(first + i, 2000, true));
    AppendAll(*setup.database, std::move(batches), 64);
    if (!setup.database->Apply(std::nullopt).ok()) std::abort();
  }
}

int64_t Digest(Setup& setup) {
  auto session = *setup.database->BeginRead();
  const auto result = session->Execute(MergeDigest(*session->RelationSql(setup.table)));
  if (!result.ok()) std::abort();
  return ReadDigest(**result);
}

// An apply on a thread like the store's own for applies.
double ApplySeconds(Setup& setup) {
  double seconds = 0;
  std::thread([&] {
    base::SetThreadClass(base::ThreadClass::kComputes);
    base::SpareOneCore();
    seconds = Seconds([&] {
      if (!setup.database->Apply(std::nullopt).ok()) std::abort();
    });
  }).join();
  return seconds;
}

// Merge on read and background apply of pending changes beside raw DuckDB on the same rows. Counts are
// compared before times. The late half of the changes is equal to the rows that are there; DuckDB's MERGE
// sees that, and writes nothing of it.
void BM_BesideRawDuckDb(benchmark::State& state) {
  const int64_t baseline = state.range(0), pending = state.range(1);
  for (auto _ : state) {
    RawDuckDb raw(baseline, pending);
    Setup setup(/*keyed=*/true, /*background_apply=*/false);
    AppendBaseline(setup, baseline);
    std::vector<AppendBatch> changes;
    for (int64_t first = 0; first < pending; first += 2000)
      changes.push_back(setup.MakeBatch(baseline - pending / 2 + first, 2000, true));
    AppendAll(*setup.database, std::move(changes), 64);

    int64_t raw_digest = 0, digest = 0;
    const double raw_merge = raw.BestMerge(&raw_digest);
    double merge = 1e9;
    for (int turn = 0; turn < 5; ++turn) {
      merge = std::min(merge, Seconds([&] { digest = Digest(setup); }));
    }
    if (digest != raw_digest) state.SkipWithError("the answers differ");
    const double raw_apply = raw.BestApply();
    const double apply = ApplySeconds(setup);
    state.SetIterationTime(apply);
    state.counters["merge_ms"] = merge * 1000;
    state.counters["raw_merge_ms"] = raw_merge * 1000;
    state.counters["merge_ratio"] = merge / raw_merge;
    state.counters["apply_ms"] = apply * 1000;
    state.counters["raw_apply_ms"] = raw_apply * 1000;
    state.counters["apply_ratio"] = apply / raw_apply;
  }
}
BENCHMARK(BM_BesideRawDuckDb)
    ->ArgNames({"baseline", "pending"})
    ->Args({5'000'000, 100'000})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

// Appends of 500 rows, one after the other, while changes from everywhere in the table are applied, beside
// appends without an apply: the slowest hundredth over many applies, for during one of them there are not
// many more than a hundred. The first appends after an apply count to it: they share the committing thread
// with the deletion of the applied rows.
void BM_AppendsDuringApplies(benchmark::State& state) {
  const int64_t baseline = state.range(0), pending = state.range(1), turns = state.range(2);
  for (auto _ : state) {
    base::SetThreadClass(base::ThreadClass::kAnswers);  // as the server's main thread
    Setup setup(/*keyed=*/true, /*background_apply=*/false);
    AppendBaseline(setup, baseline);
    int64_t next = baseline;
    std::vector<double> quiet, busy;
    double apply_seconds = 0;
    for (int64_t turn = 0; turn < turns; ++turn) {
      if (!setup.database->WaitForBackground().ok()) std::abort();
      const auto quiet_until = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
      AppendUntil(setup, &next, &quiet, [&] { return std::chrono::steady_clock::now() >= quiet_until; });
      std::vector<AppendBatch> changes;
      for (int64_t first = 0; first < pending; first += 2000)
        changes.push_back(setup.MakeBatch(first * 7, 2000, true, turn));
      AppendAll(*setup.database, std::move(changes), 64);
      std::atomic<bool> applied{false};
      std::thread applying([&] {
        apply_seconds += ApplySeconds(setup);
        applied = true;
      });
      int afterwards = 10;
      AppendUntil(setup, &next, &busy, [&] { return applied.load() && --afterwards < 0; });
      applying.join();
    }
    state.SetIterationTime(apply_seconds / static_cast<double>(turns));
    state.counters["append_p99_ms"] = P99(quiet);
    state.counters["append_p99_ms_during_apply"] = P99(busy);
    state.counters["append_p99_ratio"] = P99(busy) / P99(quiet);
    state.counters["append_p50_ms"] = quiet[quiet.size() / 2];
    state.counters["append_p50_ms_during_apply"] = busy[busy.size() / 2];
    state.counters["appends"] = static_cast<double>(quiet.size());
    state.counters["appends_during_apply"] = static_cast<double>(busy.size());
  }
}
BENCHMARK(BM_AppendsDuringApplies)
    ->ArgNames({"baseline", "pending", "turns"})
    ->Args({5'000'000, 100'000, 20})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

// Apply alone, of changes that change something: beside raw DuckDB that stores them as they come, and beside
// one that keeps sequence numbers and lets a late lower one lose, as a table of changes has to. Nobody has
// asked for the changes before, so that ours looks up the applied sequence numbers on the way. The best of
// several turns; half of the keys of each are those that the turn before inserted.
void BM_ChangesBesideRawDuckDb(benchmark::State& state) {
  const int64_t baseline = state.range(0), pending = state.range(1);
  for (auto _ : state) {
    RawDuckDb raw(baseline, pending);
    raw.AddSequencedTables();
    Setup setup(/*keyed=*/true, /*background_apply=*/false);
    AppendBaseline(setup, baseline);
    double apply = 1e9, raw_apply = 1e9, raw_sequenced = 1e9;
    for (int64_t turn = 0; turn < 3; ++turn) {
      const int64_t first = baseline + (turn - 1) * (pending / 2), shift = turn + 1;
      std::vector<AppendBatch> changes;
      for (int64_t i = 0; i < pending; i += 2000)
        changes.push_back(setup.MakeBatch(first + i, 2000, true, shift));
      if (!setup.database->WaitForBackground().ok()) std::abort();
      AppendAll(*setup.database, std::move(changes), 64);
      raw.MakePending(first, first + pending, shift);
      // The store may have applied them already, to make room in its log.
      const bool is_pending = setup.database->Stats(setup.table.id)->pending_changes == pending;
      const double seconds = ApplySeconds(setup);
      if (is_pending) apply = std::min(apply, seconds);
      raw_apply = std::min(raw_apply, raw.BestApply());
      raw_sequenced = std::min(raw_sequenced, raw.BestSequencedApply());
      const int64_t digest = Digest(setup);
      for (const char* table :
           {"deleted_and_inserted", "merged", "sequenced_deleted_and_inserted", "sequenced_merged"}) {
        if (raw.Digest(table) != digest) state.SkipWithError("the answers differ");
      }
    }
    state.SetIterationTime(apply);
    state.counters["apply_ms"] = apply * 1000;
    state.counters["raw_apply_ms"] = raw_apply * 1000;
    state.counters["apply_ratio"] = apply / raw_apply;
    state.counters["raw_sequenced_apply_ms"] = raw_sequenced * 1000;
    state.counters["sequenced_apply_ratio"] = apply / raw_sequenced;
  }
}
BENCHMARK(BM_ChangesBesideRawDuckDb)
    ->ArgNames({"baseline", "pending"})
    ->Args({5'000'000, 100'000})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace bqcdc::emulator::engine
