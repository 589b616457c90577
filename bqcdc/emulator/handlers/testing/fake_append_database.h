#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/engine/database.h"

namespace bqcdc::emulator::handlers::testing {

// A store of tables whose appends end when and how a test says. Everything but tables and appends is refused.
// Thread-safe.
class FakeAppendDatabase final : public engine::Database {
 public:
  // While true (the default) appends succeed at once, on the calling thread.
  void set_automatic(bool automatic);
  // A table of these columns (schema::ParseInlineSchema) in project p, dataset d. Another uid each time.
  void PutTable(const std::string& name, const std::string& columns,
                std::vector<std::string> primary_key = {});
  void AddColumn(const std::string& name, const std::string& column);
  void SetPrimaryKey(const std::string& name, std::vector<std::string> columns);
  // The expression is the test's evaluator's to understand.
  void SetDefault(const std::string& name, size_t column, const std::string& expression);
  void RemoveTable(const std::string& name);

  // Waits (10 s) until this many appends are held, and returns whether they are.
  bool AwaitHeld(size_t count);
  size_t held();
  // Ends the held append at `index` (in the order of their coming).
  void Complete(size_t index, absl::Status status);
  // Rows of all appends that succeeded, by table name, in order: the first column, which must be INT64.
  std::vector<int64_t> Stored(const std::string& table);

  absl::StatusOr<catalog::Table> GetTable(const catalog::TableId& id) const override;
  absl::StatusOr<catalog::Dataset> GetDataset(const catalog::DatasetId& id) const override;
  void Append(engine::AppendBatch batch, std::function<void(absl::Status)> durable) override;

  absl::Status CreateDataset(catalog::Dataset) override;
  absl::StatusOr<std::vector<catalog::Dataset>> ListDatasets(std::string_view) const override {
    return std::vector<catalog::Dataset>();
  }
  absl::StatusOr<catalog::Dataset> UpdateDataset(
      const catalog::DatasetId&, std::optional<std::string>,
      const std::function<absl::Status(catalog::Dataset&)>&) override;
  absl::Status DropDataset(const catalog::DatasetId&, bool, std::optional<std::string>) override;
  absl::StatusOr<catalog::Table> CreateTable(catalog::Table, bool) override;
  absl::StatusOr<std::vector<catalog::Table>> ListTables(const catalog::DatasetId&) const override {
    return std::vector<catalog::Table>();
  }
  absl::StatusOr<catalog::Table> UpdateTable(const catalog::TableId&, std::optional<std::string>,
                                             const std::function<absl::Status(catalog::Table&)>&,
                                             engine::ColumnDrops) override;
  absl::Status DropTable(const catalog::TableId&, std::optional<std::string>) override;
  absl::StatusOr<catalog::Table> RenameTable(const catalog::TableId&, const std::string&) override;
  absl::StatusOr<catalog::Table> RenameColumns(const catalog::TableId&, std::optional<std::string>,
                                               const std::vector<ColumnRename>&) override;
  absl::StatusOr<engine::WriteStream> CreateWriteStream(const catalog::TableId&,
                                                        engine::WriteStreamType) override;
  absl::StatusOr<engine::WriteStream> GetWriteStream(const catalog::TableId&,
                                                     const std::string&) const override;
  absl::StatusOr<engine::WriteStream> FinalizeWriteStream(const catalog::TableId&,
                                                          const std::string&) override;
  absl::StatusOr<engine::CommitOutcome> CommitWriteStreams(const catalog::TableId&,
                                                           const std::vector<std::string>&) override;
  absl::Status FlushWriteStream(const catalog::TableId&, const std::string&, int64_t) override;
  absl::StatusOr<int64_t> InsertFromQuery(const catalog::TableId&, std::string_view) override;
  absl::StatusOr<engine::RowChangeCounts> ChangeRows(const catalog::TableId&, const RowStatement&,
                                                     engine::Cancellation*) override;
  absl::Status RegisterFunctions(const std::vector<engine::ScalarFunction>&) override;
  absl::Time Now() const override { return absl::UnixEpoch(); }
  absl::StatusOr<std::unique_ptr<engine::ReadSession>> BeginRead(engine::Cancellation*) override;
  absl::Status Apply(std::optional<catalog::TableId>) override { return absl::OkStatus(); }
  absl::Status WaitForBackground() override { return absl::OkStatus(); }
  absl::StatusOr<std::optional<absl::Time>> Watermark(const catalog::TableId&) const override;
  absl::StatusOr<bool> IsActiveWithCdc(const catalog::TableId&) const override { return false; }
  std::vector<engine::FinishedApply> FinishedApplies(std::string_view) const override { return {}; }
  absl::StatusOr<TableStats> Stats(const catalog::TableId&) override { return TableStats{}; }
  CommitCounts commit_counts() const override { return {}; }

 private:
  struct Held {
    engine::AppendBatch batch;
    std::function<void(absl::Status)> durable;
    bool done = false;
  };
  void Store(const engine::AppendBatch& batch);

  mutable absl::Mutex mutex_;
  bool automatic_ ABSL_GUARDED_BY(mutex_) = true;
  int64_t next_uid_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<std::string, catalog::Table> tables_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, std::string> names_ ABSL_GUARDED_BY(mutex_);  // by uid
  std::vector<std::shared_ptr<Held>> held_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<int64_t>> stored_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::emulator::handlers::testing
