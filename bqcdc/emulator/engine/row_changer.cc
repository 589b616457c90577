#include "bqcdc/emulator/engine/row_changer.h"

#include <memory>
#include <string>
#include <utility>

#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/insert_rows.h"
#include "bqcdc/emulator/engine/relation_sql.h"
#include "bqcdc/emulator/engine/storage_type.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::engine {
namespace {

// The changes of the statement that is under way: "$change", "$row", the table's columns. Goes with its
// connection, or with the transaction.
constexpr const char* kStaged = "temp.main.row_changes";

std::string IsChange(RowChange change) { return base::StrCat("\"$change\" = ", static_cast<int>(change)); }

}  // namespace

absl::StatusOr<catalog::Table> RowChanger::FindQuietTable(const catalog::TableId& id) {
  absl::MutexLock lock(&core_->mutex);
  const catalog::Table* table = core_->catalog->FindTable(id);
  if (table == nullptr) return errors::TableNotFound(id.ToString());
  if (core_->IsActiveWithCdc(table->uid)) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "table ", id.ToString(),
                       " is active with change data capture");
  }
  return *table;
}

absl::StatusOr<std::unique_ptr<SnapshotSession>> RowChanger::BeginApplied(const catalog::TableId& id,
                                                                          catalog::Table& table,
                                                                          Cancellation* cancellation) {
  std::unique_ptr<SnapshotSession> session;
  // The committing thread stands still meanwhile, so nothing waits when the snapshot is taken.
  BQCDC_RETURN_IF_ERROR(committer_->Run([&](Connection&) -> absl::Status {
    core_->baseline_mutex.AssertHeld();
    BQCDC_ASSIGN_OR_RETURN(table, FindQuietTable(id));
    BQCDC_RETURN_IF_ERROR(applier_->ApplyLocked(table.uid));
    BQCDC_ASSIGN_OR_RETURN(session, SnapshotSession::Begin(core_, pool_, cancellation));
    return absl::OkStatus();
  }));
  return session;
}

absl::Status RowChanger::Stage(const catalog::Table& table, const RowChanges& changes,
                               SnapshotSession& session) {
  const std::string columns = ColumnList(table);
  BQCDC_RETURN_IF_ERROR(
      session
          .Execute(base::StrCat("CREATE TEMP TABLE ", kStaged, "(\"$change\", \"$row\", ", columns,
                                ") AS SELECT \"$change\", \"$row\", ", CastColumns(table), " FROM (",
                                changes.duckdb_sql, ") AS q(\"$change\", \"$row\", ", columns, ")"))
          .status());
  BQCDC_ASSIGN_OR_RETURN(const auto twice, session.connection().ReadInt64(base::StrCat(
                                               "SELECT \"$row\" FROM ", kStaged,
                                               " WHERE \"$row\" IS NOT NULL GROUP BY \"$row\" HAVING "
                                               "count(*) > 1 LIMIT 1")));
  if (twice) {
    return errors::InvalidQuery("UPDATE/MERGE must match at most one source row for each target row");
  }
  return session.connection().Read(
      base::StrCat("SELECT ", columns, " FROM ", kStaged, " WHERE NOT ", IsChange(RowChange::kDelete)),
      [&](const Chunk& rows) -> absl::Status {
        BQCDC_RETURN_IF_ERROR(CheckRequired(table, rows));
        return changes.check ? changes.check(rows) : absl::OkStatus();
      });
}

absl::StatusOr<RowChangeCounts> RowChanger::Count(Connection& connection) {
  RowChangeCounts counts;
  BQCDC_RETURN_IF_ERROR(connection.Read(
      base::StrCat("SELECT CAST(\"$change\" AS BIGINT), count(*) FROM ", kStaged, " GROUP BY ALL"),
      [&](const Chunk& chunk) {
        for (size_t i = 0; i < chunk.row_count(); ++i) {
          const auto change = static_cast<RowChange>(chunk.Reader(0).Int64(i));
          int64_t& count = change == RowChange::kInsert   ? counts.inserted
                           : change == RowChange::kUpdate ? counts.updated
                                                          : counts.deleted;
          count = chunk.Reader(1).Int64(i);
        }
        return absl::OkStatus();
      }));
  return counts;
}

absl::Status RowChanger::Write(const catalog::Table& table, const RowChangeCounts& counts,
                               bool forgets_deletes, SnapshotSession& session) {
  const std::string baseline = BaselineTable(table.uid);
  const std::string columns = ColumnList(table);
  const std::string insert = base::StrCat("INSERT INTO ", baseline, "(", columns,
                                          ", \"$kind\", \"$seq_high\", \"$seq_low\", \"$ingest\") SELECT ");
  std::string sql;
  if (forgets_deletes) sql = base::StrCat("DELETE FROM ", TombstoneTable(table.uid), ";");
  if (counts.inserted > 0) {
    base::StrAppend(&sql, insert, columns, ", ", static_cast<int>(RowOperation::kPlain), ", NULL, NULL, ",
                    absl::ToUnixMicros(session.query_time()), " FROM ", kStaged, " WHERE ",
                    IsChange(RowChange::kInsert), ";");
  }
  if (counts.updated > 0) {
    // The row anew instead of UPDATE, which holds every value that it overwrites in memory. A row keeps its
    // sequence number: a change that is older than what it was made of stays a late one.
    base::StrAppend(&sql, insert, ColumnList(table, "s."),
                    ", b.\"$kind\", b.\"$seq_high\", b.\"$seq_low\", b.\"$ingest\" FROM ", kStaged,
                    " AS s JOIN ", baseline, " AS b ON b.rowid = s.\"$row\" WHERE s.",
                    IsChange(RowChange::kUpdate), ";");
  }
  if (counts.updated > 0 || counts.deleted > 0) {
    base::StrAppend(&sql, "DELETE FROM ", baseline, " AS b USING ", kStaged,
                    " AS s WHERE b.rowid = s.\"$row\" AND NOT s.", IsChange(RowChange::kInsert), ";");
  }
  return session.connection().Run(sql);
}

absl::Status RowChanger::Commit(const catalog::TableId& id, Connection& connection) {
  return committer_->Run([&](Connection&) -> absl::Status {
    core_->baseline_mutex.AssertHeld();
    // A change that came during the statement may have been folded over the rows as they were.
    BQCDC_RETURN_IF_ERROR(FindQuietTable(id).status());
    base::HitFailpoint(base::Failpoint::kChangeRowsBeforeCommit);
    {
      absl::WriterMutexLock latch(&core_->publish_latch);
      BQCDC_RETURN_IF_ERROR(connection.Run("COMMIT"));
    }
    base::HitFailpoint(base::Failpoint::kChangeRowsAfterCommit);
    return absl::OkStatus();
  });
}

absl::StatusOr<RowChangeCounts> RowChanger::Change(const catalog::TableId& id,
                                                   const Database::RowStatement& statement,
                                                   Cancellation* cancellation) {
  absl::MutexLock baseline(&core_->baseline_mutex);
  RowChangeCounts counts;
  {
    catalog::Table table;
    BQCDC_ASSIGN_OR_RETURN(const auto session, BeginApplied(id, table, cancellation));
    BQCDC_ASSIGN_OR_RETURN(const RowChanges changes, statement(*session));
    BQCDC_RETURN_IF_ERROR(Stage(table, changes, *session));
    BQCDC_ASSIGN_OR_RETURN(counts, Count(session->connection()));
    const bool forgets_deletes = changes.truncates && table.has_primary_key();
    if (counts.total() == 0 && !forgets_deletes) return counts;
    BQCDC_RETURN_IF_ERROR(Write(table, counts, forgets_deletes, *session));
    BQCDC_ASSIGN_OR_RETURN(const auto committing, PointOfNoReturn::Enter(cancellation));
    BQCDC_RETURN_IF_ERROR(Commit(id, session->connection()));
  }
  applier_->CheckpointIfLong();
  return counts;
}

}  // namespace bqcdc::emulator::engine
