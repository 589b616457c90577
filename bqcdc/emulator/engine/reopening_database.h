#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/database_impl.h"

namespace bqcdc::emulator::engine {

// The Database over a DatabaseImpl that is replaced when it fails. DuckDB gives up an instance for good where
// an invariant of its own breaks, be it in one user's query, and where the disk refuses an fsync: every later
// statement fails. The files are then as after kill -9, so they are opened anew, once the last call and
// session of the failed one has ended.
//
// Calls that meet the failed store, or do not get the new one soon, are Unavailable. What a change among them
// did is as unknown as after kill -9: all of it or nothing. The query that brought the failure about gets its
// own error.
class ReopeningDatabase final : public Database {
 public:
  static absl::StatusOr<std::unique_ptr<Database>> Open(const DatabaseOptions& options,
                                                        const base::Clock* clock);
  ~ReopeningDatabase() override;

  absl::Status CreateDataset(catalog::Dataset dataset) override;
  absl::StatusOr<catalog::Dataset> GetDataset(const catalog::DatasetId& id) const override;
  absl::StatusOr<std::vector<catalog::Dataset>> ListDatasets(std::string_view project) const override;
  absl::StatusOr<catalog::Dataset> UpdateDataset(
      const catalog::DatasetId& id, std::optional<std::string> if_match,
      const std::function<absl::Status(catalog::Dataset&)>& change) override;
  absl::Status DropDataset(const catalog::DatasetId& id, bool drop_tables,
                           std::optional<std::string> if_match) override;
  absl::StatusOr<catalog::Table> CreateTable(catalog::Table table, bool replace) override;
  absl::StatusOr<catalog::Table> GetTable(const catalog::TableId& id) const override;
  absl::StatusOr<std::vector<catalog::Table>> ListTables(const catalog::DatasetId& id) const override;
  absl::StatusOr<catalog::Table> UpdateTable(const catalog::TableId& id, std::optional<std::string> if_match,
                                             const std::function<absl::Status(catalog::Table&)>& change,
                                             ColumnDrops drops) override;
  absl::Status DropTable(const catalog::TableId& id, std::optional<std::string> if_match) override;
  absl::StatusOr<catalog::Table> RenameTable(const catalog::TableId& id,
                                             const std::string& new_name) override;
  absl::StatusOr<catalog::Table> RenameColumns(const catalog::TableId& id,
                                               std::optional<std::string> if_match,
                                               const std::vector<ColumnRename>& renames) override;
  void Append(AppendBatch batch, std::function<void(absl::Status)> durable) override;
  absl::StatusOr<WriteStream> CreateWriteStream(const catalog::TableId& id, WriteStreamType type) override;
  absl::StatusOr<WriteStream> GetWriteStream(const catalog::TableId& id,
                                             const std::string& stream) const override;
  absl::StatusOr<WriteStream> FinalizeWriteStream(const catalog::TableId& id,
                                                  const std::string& stream) override;
  absl::StatusOr<CommitOutcome> CommitWriteStreams(const catalog::TableId& id,
                                                   const std::vector<std::string>& streams) override;
  absl::Status FlushWriteStream(const catalog::TableId& id, const std::string& stream,
                                int64_t offset) override;
  absl::StatusOr<int64_t> InsertFromQuery(const catalog::TableId& id, std::string_view duckdb_sql) override;
  absl::StatusOr<RowChangeCounts> ChangeRows(const catalog::TableId& id, const RowStatement& statement,
                                             Cancellation* cancellation) override;
  absl::Status RegisterFunctions(const std::vector<ScalarFunction>& functions) override;
  absl::Time Now() const override { return clock_->Now(); }
  absl::StatusOr<std::unique_ptr<ReadSession>> BeginRead(Cancellation* cancellation) override;
  absl::Status Apply(std::optional<catalog::TableId> id) override;
  absl::Status WaitForBackground() override;
  absl::StatusOr<std::optional<absl::Time>> Watermark(const catalog::TableId& id) const override;
  absl::StatusOr<bool> IsActiveWithCdc(const catalog::TableId& id) const override;
  std::vector<FinishedApply> FinishedApplies(std::string_view project) const override;
  absl::StatusOr<TableStats> Stats(const catalog::TableId& id) override;
  CommitCounts commit_counts() const override;

 private:
  class Session;

  // While it lives, the store that it was given is not closed.
  class Lease {
   public:
    explicit Lease(const ReopeningDatabase* owner, DatabaseImpl* store) : owner_(owner), store_(store) {}
    Lease(Lease&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), store_(other.store_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    DatabaseImpl* operator->() const { return store_; }
    DatabaseImpl& operator*() const { return *store_; }

   private:
    const ReopeningDatabase* owner_;
    DatabaseImpl* const store_;
  };

  ReopeningDatabase(const DatabaseOptions& options, const base::Clock* clock,
                    std::unique_ptr<DatabaseImpl> store);

  absl::StatusOr<Lease> Take() const ABSL_LOCKS_EXCLUDED(mutex_);
  // What an error of `store` is to whoever called; looks whether the store has failed.
  absl::Status Outcome(DatabaseImpl& store, const absl::Status& status) const ABSL_LOCKS_EXCLUDED(mutex_);
  template <typename Call>
  auto Do(const Call& call) const -> decltype(call(std::declval<DatabaseImpl&>()));
  void Loop() ABSL_LOCKS_EXCLUDED(mutex_);
  bool OpenAnew() ABSL_LOCKS_EXCLUDED(mutex_);
  bool MayClose() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || (failed_ && leases_ == 0);
  }
  bool IsReady() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return store_ != nullptr && !failed_; }

  const DatabaseOptions options_;
  const base::Clock* const clock_;

  mutable absl::Mutex mutex_;
  std::unique_ptr<DatabaseImpl> store_ ABSL_GUARDED_BY(mutex_);  // null while it is being opened
  mutable int leases_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status why_closed_ ABSL_GUARDED_BY(mutex_);  // of the last try to open
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<ScalarFunction> functions_ ABSL_GUARDED_BY(mutex_);  // for the next store
  CommitCounts counts_ ABSL_GUARDED_BY(mutex_);                    // of the stores before this one
  std::thread thread_;
};

}  // namespace bqcdc::emulator::engine
