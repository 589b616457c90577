#include "bqcdc/emulator/engine/read_session.h"

#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/cdc/mutant.h"
#include "bqcdc/emulator/engine/folding.h"
#include "bqcdc/emulator/engine/limits.h"
#include "bqcdc/emulator/engine/partition_expiry.h"
#include "bqcdc/emulator/engine/relation_sql.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::engine {

using cdc::Mutant;
using cdc::Mutated;

namespace {
constexpr const char* kBegin = "BEGIN TRANSACTION";
constexpr const char* kRollback = "ROLLBACK";
constexpr const char* kTouchBothFiles = "SELECT 1 FROM baseline.main.meta, delta.main.meta LIMIT 1";

// KeptRowsCondition looks at the ingest time of tables that are partitioned by it.
IngestColumn NeededFor(const catalog::Table& table, IngestColumn ingest) {
  return table.partitioned_by_ingestion() ? IngestColumn::kShown : ingest;
}
}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> ConnectionPool::Take() {
  {
    absl::MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return store_->Connect();
}

void ConnectionPool::GiveBack(std::unique_ptr<Connection> connection) {
  absl::MutexLock lock(&mutex_);
  if (static_cast<int64_t>(idle_.size()) < kIdleConnectionsMax) idle_.push_back(std::move(connection));
}

absl::StatusOr<std::unique_ptr<SnapshotSession>> SnapshotSession::Begin(DatabaseCore* core,
                                                                        ConnectionPool* pool,
                                                                        Cancellation* cancellation) {
  BQCDC_ASSIGN_OR_RETURN(auto connection, pool->Take());
  std::unique_ptr<SnapshotSession> session(
      new SnapshotSession(core, pool, std::move(connection), cancellation));
  BQCDC_RETURN_IF_ERROR(session->Pin());
  return session;
}

absl::Status SnapshotSession::Pin() {
  absl::ReaderMutexLock latch(&core_->publish_latch);
  {
    absl::MutexLock lock(&core_->mutex);
    query_time_us_ = core_->TakeViewTime();
    catalog_ = core_->catalog;
    for (const auto& [uid, state] : core_->tables)
      tables_.emplace_hint(tables_.end(), uid, TableView{state, state->View()});
  }
  // A transaction pins a file when it first touches it. The delta may have gained rows since the views were
  // taken, never lost one that they need: rows beyond a view's last ordinal are left out by it.
  BQCDC_RETURN_IF_ERROR(connection_->RunPrepared(kBegin));
  return connection_->RunPrepared(kTouchBothFiles);
}

SnapshotSession::~SnapshotSession() {
  running_.reset();
  if (connection_->RunPrepared(kRollback).ok() || connection_->Run(kRollback).ok())
    pool_->GiveBack(std::move(connection_));
}

absl::StatusOr<catalog::Table> SnapshotSession::FindTable(const catalog::TableId& id) {
  if (catalog_->FindDataset({id.project, id.dataset}) == nullptr) {
    return errors::DatasetNotFound(id.project, id.dataset);
  }
  const catalog::Table* table = catalog_->FindTable(id);
  if (table == nullptr || catalog::IsExpired(*table, query_time_us_))
    return errors::TableNotFound(id.ToString());
  return *table;
}

bool SnapshotSession::IsStale(const catalog::Table& table, const PendingView& pending) const {
  const int64_t staleness_us = table.max_staleness_us.value_or(0);
  if (staleness_us <= 0 || !pending.record.watermark_us) return false;
  const int64_t age_us = query_time_us_ - *pending.record.watermark_us;
  return Mutated(Mutant::kStaleTestExclusive) ? age_us < staleness_us : age_us <= staleness_us;
}

absl::StatusOr<std::string> SnapshotSession::RelationSql(const catalog::Table& table, IngestColumn ingest) {
  const std::string kept = KeptRowsCondition(table, query_time_us_);
  if (kept.empty()) return WholeRelationSql(table, ingest);
  BQCDC_ASSIGN_OR_RETURN(const std::string whole, WholeRelationSql(table, NeededFor(table, ingest)));
  return base::StrCat("(SELECT ", ShownColumns(table, ingest), " FROM ", whole, " AS k WHERE ", kept, ")");
}

absl::StatusOr<std::string> SnapshotSession::WholeRelationSql(const catalog::Table& table,
                                                              IngestColumn ingest) {
  const auto found = tables_.find(table.uid);
  if (found == tables_.end()) return errors::TableNotFound(table.id.ToString());
  const PendingView& pending = found->second.pending;
  if (!NeedsMerge(table, pending)) return StaleRelationSql(table, pending, ingest);
  if (Mutated(Mutant::kWatermarkMovedByQuery)) {
    absl::MutexLock lock(&core_->mutex);
    found->second.state->record_.watermark_us = query_time_us_;
  }
  BQCDC_ASSIGN_OR_RETURN(auto folded,
                         FoldPending(core_->rules, table, pending, *found->second.state, *connection_));
  folded_.push_back(folded);
  return MergedRelationSql(table, pending, folded.get(), ingest);
}

bool SnapshotSession::NeedsMerge(const catalog::Table& table) const {
  const auto found = tables_.find(table.uid);
  return found != tables_.end() && NeedsMerge(table, found->second.pending);
}

absl::StatusOr<std::string> SnapshotSession::PendingRelationSql(const catalog::Table& table) {
  const auto found = tables_.find(table.uid);
  if (found == tables_.end()) return errors::TableNotFound(table.id.ToString());
  return engine::PendingRelationSql(table, found->second.pending);
}

absl::StatusOr<std::string> SnapshotSession::NumberedRelationSql(const catalog::Table& table,
                                                                 IngestColumn ingest) {
  const std::string kept = KeptRowsCondition(table, query_time_us_);
  if (kept.empty()) return engine::NumberedRelationSql(table, ingest);
  return base::StrCat("(SELECT ", ShownColumns(table, ingest), ", \"$row\" FROM ",
                      engine::NumberedRelationSql(table, NeededFor(table, ingest)), " AS k WHERE ", kept,
                      ")");
}

SnapshotSession::PendingCounts SnapshotSession::Pending(const catalog::Table& table) const {
  const auto found = tables_.find(table.uid);
  if (found == tables_.end()) return {};
  const PendingView& pending = found->second.pending;
  return {static_cast<int64_t>(pending.row_count), static_cast<int64_t>(pending.change_count)};
}

absl::StatusOr<std::unique_ptr<QueryResult>> SnapshotSession::Execute(std::string_view duckdb_sql) {
  return connection_->Query(duckdb_sql);
}

}  // namespace bqcdc::emulator::engine
