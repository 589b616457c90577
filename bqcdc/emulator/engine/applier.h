#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/engine/carried_rows.h"
#include "bqcdc/emulator/engine/committer.h"
#include "bqcdc/emulator/engine/database_core.h"
#include "bqcdc/emulator/engine/table_expiry.h"

namespace bqcdc::emulator::engine {

// Folds pending rows into the baseline: on its own thread whenever a table is due, and for whoever asks. Rows
// of expired partitions go at the same time, and expired tables when they are due. One
// apply is one transaction of the baseline file that also stores how far it came; the delta rows go
// afterwards, so a kill in between costs nothing but their space. Thread-safe.
class Applier {
 public:
  Applier(DatabaseCore* core, Committer* committer, const TableExpiry* expiry)
      : core_(core), committer_(committer), expiry_(expiry) {}
  ~Applier() { Stop(); }

  void Start();
  void Stop();
  // Looks again at what is due.
  void Wake();

  absl::Status Apply(int64_t uid);
  absl::Status ApplyAll();
  // Applies each table whose time has come, on the calling thread.
  absl::Status RunDueTicks();
  // For callers that write the baseline already.
  absl::Status ApplyLocked(int64_t uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->baseline_mutex);
  // Writes the baseline's log into its file where the log has become too long.
  void CheckpointIfLong() ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->baseline_mutex);

 private:
  // What one apply works on, all of one instant.
  struct Task {
    std::shared_ptr<TableState> state;
    std::shared_ptr<const catalog::Table> table;
    PendingView view;
    int64_t time_us = 0;
    bool active = false;
  };

  void Loop();
  bool Woken() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(wake_mutex_) { return wake_ || stopping_; }
  std::optional<int64_t> DueUs(const TableState& state) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->mutex);
  int64_t NextDueUs() ABSL_LOCKS_EXCLUDED(core_->mutex);
  std::vector<int64_t> DueTables(bool all) ABSL_LOCKS_EXCLUDED(core_->mutex);
  absl::Status ApplyForced();

  std::optional<Task> TakeTask(int64_t uid) ABSL_LOCKS_EXCLUDED(core_->mutex);
  absl::Status Write(const Task& task, Connection& connection, ApplyRecord& record);
  absl::Status WriteRows(const Task& task, const FoldedView* folded, Connection& connection);
  absl::Status WriteTombstones(const Task& task, const FoldedView& folded, Connection& connection);
  absl::Status PurgeExpired(const Task& task, Connection& connection);
  absl::Status PurgeTombstones(const Task& task, Connection& connection, ApplyRecord& record);
  // Carries the rows that came during the apply until now.
  void Carry(const Task& task, CarriedRows& carried) ABSL_LOCKS_EXCLUDED(core_->rows_mutex);
  static size_t CarrySome(const Task& task, CarriedRows& carried)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->rows_mutex);
  void AddToHistory(const Task& task, int64_t start_us) ABSL_LOCKS_EXCLUDED(core_->mutex);
  // `carried`: what the table goes on with; null where nothing was applied.
  void Publish(const Task& task, const ApplyRecord& record, CarriedRows* carried);

  DatabaseCore* const core_;
  Committer* const committer_;
  const TableExpiry* const expiry_;  // its tables go on this thread
  absl::Mutex wake_mutex_;
  bool wake_ ABSL_GUARDED_BY(wake_mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(wake_mutex_) = false;
  std::thread thread_;
};

// SQL that stores `record`; the row of `uid` exists.
std::string UpdateRecordSql(int64_t uid, const ApplyRecord& record);

}  // namespace bqcdc::emulator::engine
