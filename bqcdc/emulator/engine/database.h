#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/apply_history.h"
#include "bqcdc/emulator/engine/cancellation.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/emulator/engine/query_result.h"
#include "bqcdc/emulator/engine/row_changes.h"
#include "bqcdc/emulator/engine/scalar_function.h"
#include "bqcdc/emulator/engine/write_stream.h"

namespace bqcdc::emulator::engine {

// How the nasty service behaves. All off: the friendly reading of the documentation.
struct CdcOptions {
  // Rows of one request whose order is arbitrary in the service (equal or no sequence number) are shuffled.
  bool shuffle_ties = false;
  uint64_t shuffle_seed = 0;
  // An applied row older than this forgets its sequence number; zero: never.
  absl::Duration forget_sequences_after = absl::ZeroDuration();
  // How long a DELETE is remembered against late changes.
  absl::Duration tombstone_retention = absl::Hours(48);
  // A table counts as active with CDC this long after its last UPSERT or DELETE.
  absl::Duration active_window = absl::Minutes(30);
};

struct DatabaseOptions {
  std::string data_dir;
  CdcOptions cdc;
  int64_t commit_rows_max = 20'000;  // rows that one group commit takes at most
  int64_t queued_bytes_max =
      256 * 1024 * 1024;  // decoded bytes waiting; beyond it Append is refused as overloaded
  int64_t delta_bytes_max =
      256 * 1024 * 1024;  // write-ahead log of the delta file; beyond it it is checkpointed
  int64_t memory_bytes_max =
      int64_t{1024} * 1024 * 1024;  // DuckDB's limit; the process takes about a third more
  int query_threads = 2;            // threads of DuckDB; 1 answers tiny queries quicker, as in tests
  bool background_apply =
      true;  // false: applies come only by Apply(), by ChangeRows() and where too much is pending
  // How long a call waits for a store that has failed to be opened anew, before it is Unavailable.
  absl::Duration reopening_wait = absl::Seconds(5);
  // Told why the store failed, before it is opened anew; on any thread, and must not call the database.
  std::function<void(const absl::Status& why)> on_failure;
};

// Rows of one AppendRows request, decoded and valid.
struct AppendBatch {
  int64_t table_uid = 0;
  int64_t schema_version = 0;
  std::vector<Chunk> chunks;  // made with change_columns
  int64_t bytes = 0;          // for the limit of what may wait
  // To a created stream, which takes plain rows only; null: the table's default stream.
  std::shared_ptr<StreamAppend> stream = nullptr;
};

class ReadSession;

// Whether a relation has, behind the table's columns, one called "$ingest": when the row came in, as
// microseconds since the Unix epoch.
enum class IngestColumn { kLeftOut, kShown };

// Whether a change of a table may leave columns out: DDL may, a schema sent by REST may not.
enum class ColumnDrops { kRefused, kAllowed };

// The store and CDC engine: two DuckDB files under `data_dir` (baseline and delta), one committing thread,
// one applying thread. Thread-safe. Every answer is durable when it is given. A store that fails is opened
// anew; calls that meet it then are Unavailable, and may come again (reopening_database.h).
class Database {
 public:
  // Errors: FailedPrecondition when another process holds the directory (named), when the format is newer
  // than this program's, or when the directory cannot be written.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const DatabaseOptions& options,
                                                        const base::Clock* clock);
  virtual ~Database() = default;

  // Catalog. Names are compared as the service does: datasets and tables with regard to case.
  virtual absl::Status CreateDataset(catalog::Dataset dataset) = 0;
  virtual absl::StatusOr<catalog::Dataset> GetDataset(const catalog::DatasetId& id) const = 0;
  virtual absl::StatusOr<std::vector<catalog::Dataset>> ListDatasets(std::string_view project) const = 0;
  // Applies `change` to a copy and stores it; `change` may refuse. `if_match`: etag that must still hold.
  virtual absl::StatusOr<catalog::Dataset> UpdateDataset(
      const catalog::DatasetId& id, std::optional<std::string> if_match,
      const std::function<absl::Status(catalog::Dataset&)>& change) = 0;
  virtual absl::Status DropDataset(const catalog::DatasetId& id, bool drop_tables,
                                   std::optional<std::string> if_match) = 0;
  absl::Status DropDataset(const catalog::DatasetId& id, bool drop_tables) {
    return DropDataset(id, drop_tables, std::nullopt);
  }

  // Fills uid, times and etag. With `replace` an existing table of the name is dropped in the same step.
  virtual absl::StatusOr<catalog::Table> CreateTable(catalog::Table table, bool replace) = 0;
  virtual absl::StatusOr<catalog::Table> GetTable(const catalog::TableId& id) const = 0;
  virtual absl::StatusOr<std::vector<catalog::Table>> ListTables(const catalog::DatasetId& id) const = 0;
  // Columns may be added at the end (also nested), relaxed and widened, and dropped where `drops` says so;
  // everything else of the entity may change freely.
  virtual absl::StatusOr<catalog::Table> UpdateTable(
      const catalog::TableId& id, std::optional<std::string> if_match,
      const std::function<absl::Status(catalog::Table&)>& change, ColumnDrops drops) = 0;
  absl::StatusOr<catalog::Table> UpdateTable(const catalog::TableId& id, std::optional<std::string> if_match,
                                             const std::function<absl::Status(catalog::Table&)>& change) {
    return UpdateTable(id, std::move(if_match), change, ColumnDrops::kRefused);
  }
  virtual absl::Status DropTable(const catalog::TableId& id, std::optional<std::string> if_match) = 0;
  absl::Status DropTable(const catalog::TableId& id) { return DropTable(id, std::nullopt); }
  // Another name in the same dataset; rows, changes that wait and write streams stay. AlreadyExists where the
  // name is taken.
  virtual absl::StatusOr<catalog::Table> RenameTable(const catalog::TableId& id,
                                                     const std::string& new_name) = 0;
  // Other names for columns that are in neither key, partitioning nor clustering, all at once: two may
  // exchange theirs.
  struct ColumnRename {
    std::string column;
    std::string new_name;
  };
  virtual absl::StatusOr<catalog::Table> RenameColumns(const catalog::TableId& id,
                                                       std::optional<std::string> if_match,
                                                       const std::vector<ColumnRename>& renames) = 0;

  // Queues the rows for the next group commit. `durable` is called exactly once, from the committing thread
  // and after the fsync that covers the rows, or with an error and then nothing of the batch is stored:
  // NotFound when the table is gone or was re-created, Aborted when its columns have changed since (decode
  // again), ResourceExhausted when too much waits (the one error that is given on the calling thread, before
  // Append returns), a StreamRefusal (RefusalOf) when the created stream does not take them.
  virtual void Append(AppendBatch batch, std::function<void(absl::Status)> durable) = 0;

  // Created write streams. NotFound: the table is gone. What the stream's type, state or offset forbids is a
  // StreamRefusal. A stream goes with its table and after its lifetime.
  virtual absl::StatusOr<WriteStream> CreateWriteStream(const catalog::TableId& id, WriteStreamType type) = 0;
  virtual absl::StatusOr<WriteStream> GetWriteStream(const catalog::TableId& id,
                                                     const std::string& stream) const = 0;
  // No append is taken any more; as often as wanted.
  virtual absl::StatusOr<WriteStream> FinalizeWriteStream(const catalog::TableId& id,
                                                          const std::string& stream) = 0;
  // Shows the rows of finalized PENDING streams, all or none.
  virtual absl::StatusOr<CommitOutcome> CommitWriteStreams(const catalog::TableId& id,
                                                           const std::vector<std::string>& streams) = 0;
  // Shows the rows of a BUFFERED stream up to and with `offset`.
  virtual absl::Status FlushWriteStream(const catalog::TableId& id, const std::string& stream,
                                        int64_t offset) = 0;

  // Appends the rows of a SELECT (DuckDB's SQL, columns in table order) as plain rows; returns how many.
  virtual absl::StatusOr<int64_t> InsertFromQuery(const catalog::TableId& id,
                                                  std::string_view duckdb_sql) = 0;

  // Changes stored rows of a table, all or none, durable when it returns. `statement` says what is to be
  // done, on a snapshot in which every row of the table has a number; its errors are passed on.
  // InvalidArgument: the data do not allow it (two changes of one row, NULL in a REQUIRED column, what
  // `check` refuses, errors of evaluation). FailedPrecondition: the table is active with CDC. `cancellation`
  // may be null; cancelled before its point of no return, the statement has changed nothing.
  using RowStatement = std::function<absl::StatusOr<RowChanges>(ReadSession&)>;
  virtual absl::StatusOr<RowChangeCounts> ChangeRows(const catalog::TableId& id,
                                                     const RowStatement& statement,
                                                     Cancellation* cancellation) = 0;
  absl::StatusOr<RowChangeCounts> ChangeRows(const catalog::TableId& id, const RowStatement& statement) {
    return ChangeRows(id, statement, nullptr);
  }

  // Makes `functions` callable in queries of this database, by RegisterScalarFunction. Called before each
  // query with the same list: registers at the first call and only looks at a flag at the others.
  virtual absl::Status RegisterFunctions(const std::vector<ScalarFunction>& functions) = 0;

  // Time of this store's clock; a query's CURRENT_TIMESTAMP is its session's query_time() instead.
  virtual absl::Time Now() const = 0;

  // A consistent view of every table at one instant. What runs in it can be cancelled where `cancellation` is
  // not null; that outlives the session.
  virtual absl::StatusOr<std::unique_ptr<ReadSession>> BeginRead(Cancellation* cancellation) = 0;
  absl::StatusOr<std::unique_ptr<ReadSession>> BeginRead() { return BeginRead(nullptr); }

  // Folds everything that is pending into the baseline and moves the watermark; all tables when `id` is
  // unset.
  virtual absl::Status Apply(std::optional<catalog::TableId> id) = 0;
  // Returns when nothing is due any more at the clock's present time: applies that are due have happened. For
  // whoever drives a manual clock; errors are those of the applies.
  virtual absl::Status WaitForBackground() = 0;
  // `upsert_stream_apply_watermark`: unset until the first accepted UPSERT or DELETE.
  virtual absl::StatusOr<std::optional<absl::Time>> Watermark(const catalog::TableId& id) const = 0;
  // Unapplied changes exist, or an UPSERT or DELETE came within the active window.
  virtual absl::StatusOr<bool> IsActiveWithCdc(const catalog::TableId& id) const = 0;

  // Applies of changes since Open, or since a failed store was opened anew: those of a project's tables,
  // newest first.
  virtual std::vector<FinishedApply> FinishedApplies(std::string_view project) const = 0;

  struct TableStats {
    int64_t row_count = 0;        // what a query sees now
    int64_t pending_changes = 0;  // unapplied rows
    int64_t pending_upserts = 0;  // UPSERTs and DELETEs among them, which a query has to merge
  };
  virtual absl::StatusOr<TableStats> Stats(const catalog::TableId& id) = 0;

  // Since Open: appends that were stored, and transactions that it took.
  struct CommitCounts {
    int64_t appends = 0;
    int64_t commits = 0;
  };
  virtual CommitCounts commit_counts() const = 0;
};

// One query's view: snapshots of both files taken under the publish latch. Not thread-safe; end it soon, it
// pins memory.
class ReadSession {
 public:
  virtual ~ReadSession() = default;
  virtual absl::Time query_time() const = 0;
  virtual absl::StatusOr<catalog::Table> FindTable(const catalog::TableId& id) = 0;
  // DuckDB SQL of a parenthesised relation with the table's columns under their own names (quoted, in table
  // order): the baseline as of the watermark, or the merge, as max_staleness says. Valid in this session
  // only.
  virtual absl::StatusOr<std::string> RelationSql(const catalog::Table& table, IngestColumn ingest) = 0;
  absl::StatusOr<std::string> RelationSql(const catalog::Table& table) {
    return RelationSql(table, IngestColumn::kLeftOut);
  }
  // Whether a query of the table has to merge: changes are not applied, and the baseline is older than its
  // max_staleness.
  virtual bool NeedsMerge(const catalog::Table& table) const = 0;
  // The unapplied rows, plain ones and changes, as they came: the table's columns and "$ingest".
  virtual absl::StatusOr<std::string> PendingRelationSql(const catalog::Table& table) = 0;
  // As RelationSql, with the number of each row as another column, "$row". To be run in the session that
  // Database::ChangeRows gives, for the table that is changed.
  virtual absl::StatusOr<std::string> NumberedRelationSql(const catalog::Table& table,
                                                          IngestColumn ingest) = 0;
  // Runs one SELECT of DuckDB's SQL. Errors of evaluation (division by zero, overflow, bad cast) are
  // InvalidArgument with DuckDB's text.
  virtual absl::StatusOr<std::unique_ptr<QueryResult>> Execute(std::string_view duckdb_sql) = 0;
};

}  // namespace bqcdc::emulator::engine
