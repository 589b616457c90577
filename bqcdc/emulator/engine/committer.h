#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/cdc/key_dictionary.h"
#include "bqcdc/emulator/cdc/pending_rows.h"
#include "bqcdc/emulator/engine/database_core.h"
#include "bqcdc/emulator/engine/table_appender.h"

namespace bqcdc::emulator::engine {

// Writes the delta file, alone. Takes what has been queued and stores it in one transaction, so that one
// fsync serves every append that waits; then publishes the rows to readers and tells the waiting.
class Committer {
 public:
  // `on_rows_pending` is called after rows were published where nothing was pending before, or where too much
  // is: from the committing thread, without locks.
  Committer(DatabaseCore* core, std::function<void()> on_rows_pending);
  // Commits what is queued, then ends the thread.
  ~Committer();

  absl::Status Start();
  void Append(AppendBatch batch, std::function<void(absl::Status)> durable);
  // Runs `task` on the committing thread between two groups, ahead of queued appends, and waits for it.
  absl::Status Run(const std::function<absl::Status(Connection& delta)>& task);
  // The same without waiting; the task must not fail.
  void Post(std::function<void(Connection& delta)> task);
  // Deletes applied rows of a table, between groups and some at a time, so that no append waits for all of
  // them. Their ordinals tell that they are applied; until they are deleted they cost space, nothing else.
  void DeleteApplied(int64_t uid, int64_t first_ordinal, int64_t last_ordinal);
  // Those that are left of all tables, now. On the committing thread.
  void DeleteAllApplied(Connection& delta);
  // Writes the delta's log into its file where the log has become too long, or asks for an apply first. On
  // the committing thread.
  void CheckpointIfLong(Connection& delta, bool just_applied);

  // Moves staged rows of `table` into its delta and shows them, together with what `and_sql` changes; all or
  // nothing. Returns their ingest time. On the committing thread.
  absl::StatusOr<int64_t> Release(Connection& delta, const catalog::Table& table,
                                  const std::vector<StreamRange>& ranges,
                                  const std::function<std::string(int64_t ingest_us)>& and_sql);

  int64_t commit_count() const { return commit_count_.load(); }
  int64_t append_count() const { return append_count_.load(); }

 private:
  struct Item {
    AppendBatch batch;
    std::function<void(absl::Status)> durable;
    std::shared_ptr<TableState> state;
    std::vector<cdc::PendingRow> rows;  // of a table with a key; by row, keys not numbered yet
    cdc::EncodedKeys keys;
    std::vector<uint32_t> order;  // order[n]: the row with the n-th ordinal; empty: as they stand
    size_t row_count = 0;
    size_t change_count = 0;
    int64_t ingest_us = 0;
    int64_t first_ordinal = 0;
    // Of an append to a created stream that was admitted.
    std::optional<WriteStream> stream;  // as it is afterwards
    int64_t schema_version = 0;
    bool staged() const { return stream && stream->staged(); }
    absl::Status status;
  };
  using Group = std::vector<std::unique_ptr<Item>>;
  struct AppliedRows {
    int64_t uid;
    int64_t first_ordinal;
    int64_t last_ordinal;
  };

  void Loop();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(queue_mutex_);
  // Some of the applied rows, if there are any.
  std::optional<AppliedRows> TakeApplied() ABSL_EXCLUSIVE_LOCKS_REQUIRED(queue_mutex_);
  static void Delete(const AppliedRows& rows, Connection& delta);
  Group TakeGroup() ABSL_EXCLUSIVE_LOCKS_REQUIRED(queue_mutex_);
  void PrepareRows(const catalog::Table& table, Item& item) const;
  // Stores the items, all or none; sets the status of those that no longer fit their table.
  absl::Status Commit(Group& group);
  void Admit(Group& group);
  // Where the rows come to stand in their created stream, as it is with the rest of the group before them.
  absl::Status AdmitToStream(Item& item, WriteStream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->mutex);
  void Stamp(Item& item);
  absl::Status Store(const Group& group);
  // The items' rows of one table in an appender that is not closed yet.
  TableAppender AppendRows(const Group& group, int64_t uid, bool staged);
  absl::Status StoreStreams(const Group& group);
  static absl::Status ReadReleasedKeys(Connection& delta, const catalog::Table& table, Item& item);
  void Publish(const Group& group);
  void PublishRows(Item& item);
  void EndCommit();
  void CommitAndAnswer(Group group);
  bool MayAppend() ABSL_LOCKS_EXCLUDED(core_->mutex);

  DatabaseCore* const core_;
  const std::function<void()> on_rows_pending_;
  std::unique_ptr<Connection> connection_;  // the committing thread's

  absl::Mutex queue_mutex_;
  std::deque<std::function<void(Connection&)>> tasks_ ABSL_GUARDED_BY(queue_mutex_);
  std::deque<std::unique_ptr<Item>> appends_ ABSL_GUARDED_BY(queue_mutex_);
  std::deque<AppliedRows> applied_ ABSL_GUARDED_BY(queue_mutex_);
  int64_t queued_bytes_ ABSL_GUARDED_BY(queue_mutex_) = 0;
  bool held_back_ ABSL_GUARDED_BY(queue_mutex_) = false;  // too many rows wait to be applied
  bool stopping_ ABSL_GUARDED_BY(queue_mutex_) = false;

  std::atomic<int64_t> commit_count_{0};
  std::atomic<int64_t> append_count_{0};
  std::thread thread_;
};

}  // namespace bqcdc::emulator::engine
