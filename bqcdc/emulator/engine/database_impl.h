#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/emulator/engine/applier.h"
#include "bqcdc/emulator/engine/committer.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/database_core.h"
#include "bqcdc/emulator/engine/read_session.h"
#include "bqcdc/emulator/engine/row_changer.h"
#include "bqcdc/emulator/engine/table_expiry.h"
#include "bqcdc/emulator/engine/write_streams.h"

namespace bqcdc::emulator::engine {

// The Database over a Store: the catalog's changes are here, the rest is handed on to the committer, the
// applier and sessions.
class DatabaseImpl final : public Database {
 public:
  static absl::StatusOr<std::unique_ptr<DatabaseImpl>> Open(const DatabaseOptions& options,
                                                            const base::Clock* clock);
  ~DatabaseImpl() override;
  // OK, or why DuckDB takes no statement any more.
  absl::Status Check();

  absl::Status CreateDataset(catalog::Dataset dataset) override;
  absl::StatusOr<catalog::Dataset> GetDataset(const catalog::DatasetId& id) const override;
  absl::StatusOr<std::vector<catalog::Dataset>> ListDatasets(std::string_view project) const override;
  absl::StatusOr<catalog::Dataset> UpdateDataset(
      const catalog::DatasetId& id, std::optional<std::string> if_match,
      const std::function<absl::Status(catalog::Dataset&)>& change) override;
  using Database::DropDataset;
  absl::Status DropDataset(const catalog::DatasetId& id, bool drop_tables,
                           std::optional<std::string> if_match) override;
  absl::StatusOr<catalog::Table> CreateTable(catalog::Table table, bool replace) override;
  absl::StatusOr<catalog::Table> GetTable(const catalog::TableId& id) const override;
  absl::StatusOr<std::vector<catalog::Table>> ListTables(const catalog::DatasetId& id) const override;
  absl::StatusOr<catalog::Table> UpdateTable(const catalog::TableId& id, std::optional<std::string> if_match,
                                             const std::function<absl::Status(catalog::Table&)>& change,
                                             ColumnDrops drops) override;
  using Database::DropTable;
  absl::Status DropTable(const catalog::TableId& id, std::optional<std::string> if_match) override;
  absl::StatusOr<catalog::Table> RenameTable(const catalog::TableId& id,
                                             const std::string& new_name) override;
  absl::StatusOr<catalog::Table> RenameColumns(const catalog::TableId& id,
                                               std::optional<std::string> if_match,
                                               const std::vector<ColumnRename>& renames) override;

  void Append(AppendBatch batch, std::function<void(absl::Status)> durable) override;
  absl::StatusOr<WriteStream> CreateWriteStream(const catalog::TableId& id, WriteStreamType type) override {
    return streams_->Create(id, type);
  }
  absl::StatusOr<WriteStream> GetWriteStream(const catalog::TableId& id,
                                             const std::string& stream) const override {
    return streams_->Get(id, stream);
  }
  absl::StatusOr<WriteStream> FinalizeWriteStream(const catalog::TableId& id,
                                                  const std::string& stream) override {
    return streams_->Finalize(id, stream);
  }
  absl::StatusOr<CommitOutcome> CommitWriteStreams(const catalog::TableId& id,
                                                   const std::vector<std::string>& streams) override {
    return streams_->Commit(id, streams);
  }
  absl::Status FlushWriteStream(const catalog::TableId& id, const std::string& stream,
                                int64_t offset) override {
    return streams_->Flush(id, stream, offset);
  }
  absl::StatusOr<int64_t> InsertFromQuery(const catalog::TableId& id, std::string_view duckdb_sql) override;
  using Database::ChangeRows;
  absl::StatusOr<RowChangeCounts> ChangeRows(const catalog::TableId& id, const RowStatement& statement,
                                             Cancellation* cancellation) override {
    return row_changer_->Change(id, statement, cancellation);
  }
  absl::Status RegisterFunctions(const std::vector<ScalarFunction>& functions) override;
  absl::Time Now() const override { return core_->clock->Now(); }
  using Database::BeginRead;
  absl::StatusOr<std::unique_ptr<ReadSession>> BeginRead(Cancellation* cancellation) override;
  absl::Status Apply(std::optional<catalog::TableId> id) override;
  absl::Status WaitForBackground() override;
  absl::StatusOr<std::optional<absl::Time>> Watermark(const catalog::TableId& id) const override;
  absl::StatusOr<bool> IsActiveWithCdc(const catalog::TableId& id) const override;
  std::vector<FinishedApply> FinishedApplies(std::string_view project) const override {
    return core_->applies.List(project);
  }
  absl::StatusOr<TableStats> Stats(const catalog::TableId& id) override;
  CommitCounts commit_counts() const override;

 private:
  explicit DatabaseImpl(std::unique_ptr<DatabaseCore> core);
  absl::Status Start();
  // A transaction of the baseline, and what becomes of the catalog in memory once it is committed.
  struct CatalogChange {
    std::string sql;
    std::function<void(catalog::CatalogState&)> change;
    std::function<void()> change_tables;  // under the core's mutex; may be empty
  };
  absl::Status Commit(const CatalogChange& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->baseline_mutex);
  // Stores a table whose columns are as they were.
  absl::Status PutTable(const catalog::Table& table) ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->baseline_mutex);
  absl::Status StoreView(const catalog::Table& view, const std::vector<int64_t>& replaced)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->baseline_mutex);
  // `baseline_sql` turns the baseline table into that of `after`, `copy_staged` fills its staged one.
  using CopyStaged = std::string (*)(const catalog::Table& before, const catalog::Table& after);
  absl::Status AlterColumns(const catalog::Table& before, catalog::Table& after,
                            const std::string& baseline_sql, CopyStaged copy_staged)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->baseline_mutex);
  absl::StatusOr<catalog::Table> FindTable(const catalog::TableId& id) const;
  std::string NewEtag();
  void ForgetTables(const std::vector<int64_t>& uids) ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->mutex);
  void DropDelta(const std::vector<int64_t>& uids);
  absl::Status MakeDeltaAnew(Connection& delta, const catalog::Table& before, const catalog::Table& after,
                             CopyStaged copy_staged);

  std::unique_ptr<DatabaseCore> core_;
  ConnectionPool pool_;
  std::unique_ptr<Committer> committer_;
  TableExpiry expiry_;
  std::unique_ptr<Applier> applier_;
  std::unique_ptr<WriteStreams> streams_;
  std::unique_ptr<RowChanger> row_changer_;
  absl::Mutex functions_mutex_;
  bool functions_registered_ ABSL_GUARDED_BY(functions_mutex_) = false;
  const uint64_t etag_seed_;
  std::atomic<uint64_t> etag_count_{0};
};

}  // namespace bqcdc::emulator::engine
