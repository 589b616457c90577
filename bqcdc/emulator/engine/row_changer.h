#pragma once

#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/applier.h"
#include "bqcdc/emulator/engine/committer.h"
#include "bqcdc/emulator/engine/database_core.h"
#include "bqcdc/emulator/engine/read_session.h"
#include "bqcdc/emulator/engine/row_changes.h"

namespace bqcdc::emulator::engine {

// Changes rows that are stored: one statement is one transaction of the baseline file, so that a reader, and
// whoever finds the files after a kill, sees all of it or nothing. First everything that waits is applied, so
// that each row has a number in the baseline; then the statement works on a snapshot while appends go on:
// rows that come meanwhile come after it. Thread-safe.
class RowChanger {
 public:
  RowChanger(DatabaseCore* core, Committer* committer, Applier* applier, ConnectionPool* pool)
      : core_(core), committer_(committer), applier_(applier), pool_(pool) {}

  // See Database::ChangeRows.
  absl::StatusOr<RowChangeCounts> Change(const catalog::TableId& id, const Database::RowStatement& statement,
                                         Cancellation* cancellation);

 private:
  absl::StatusOr<catalog::Table> FindQuietTable(const catalog::TableId& id);
  absl::StatusOr<std::unique_ptr<SnapshotSession>> BeginApplied(const catalog::TableId& id,
                                                                catalog::Table& table,
                                                                Cancellation* cancellation)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->baseline_mutex);
  absl::Status Stage(const catalog::Table& table, const RowChanges& changes, SnapshotSession& session);
  absl::StatusOr<RowChangeCounts> Count(Connection& connection);
  absl::Status Write(const catalog::Table& table, const RowChangeCounts& counts, bool forgets_deletes,
                     SnapshotSession& session);
  absl::Status Commit(const catalog::TableId& id, Connection& connection)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_->baseline_mutex);

  DatabaseCore* const core_;
  Committer* const committer_;
  Applier* const applier_;
  ConnectionPool* const pool_;
};

}  // namespace bqcdc::emulator::engine
