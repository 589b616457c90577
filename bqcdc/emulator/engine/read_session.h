#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/engine/cancellation.h"
#include "bqcdc/emulator/engine/database_core.h"

namespace bqcdc::emulator::engine {

// Connections that wait for the next query. Thread-safe.
class ConnectionPool {
 public:
  explicit ConnectionPool(Store* store) : store_(store) {}
  absl::StatusOr<std::unique_ptr<Connection>> Take();
  void GiveBack(std::unique_ptr<Connection> connection);

 private:
  Store* const store_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
};

// A read transaction over both files, and the pending rows that belong to it.
class SnapshotSession final : public ReadSession {
 public:
  // `cancellation` may be null, and outlives the session.
  static absl::StatusOr<std::unique_ptr<SnapshotSession>> Begin(DatabaseCore* core, ConnectionPool* pool,
                                                                Cancellation* cancellation);
  ~SnapshotSession() override;

  absl::Time query_time() const override { return absl::FromUnixMicros(query_time_us_); }
  absl::StatusOr<catalog::Table> FindTable(const catalog::TableId& id) override;
  using ReadSession::RelationSql;
  absl::StatusOr<std::string> RelationSql(const catalog::Table& table, IngestColumn ingest) override;
  absl::StatusOr<std::unique_ptr<QueryResult>> Execute(std::string_view duckdb_sql) override;

  bool NeedsMerge(const catalog::Table& table) const override;
  absl::StatusOr<std::string> PendingRelationSql(const catalog::Table& table) override;
  absl::StatusOr<std::string> NumberedRelationSql(const catalog::Table& table, IngestColumn ingest) override;
  // Of this session's transaction, for whoever makes it a writing one: it must end before the session, or be
  // left for the session to roll back.
  Connection& connection() { return *connection_; }

  struct PendingCounts {
    int64_t rows = 0;
    int64_t upserts = 0;  // and DELETEs
  };
  PendingCounts Pending(const catalog::Table& table) const;

 private:
  struct TableView {
    std::shared_ptr<TableState> state;
    PendingView pending;
  };
  SnapshotSession(DatabaseCore* core, ConnectionPool* pool, std::unique_ptr<Connection> connection,
                  Cancellation* cancellation)
      : core_(core), pool_(pool), connection_(std::move(connection)) {
    running_.emplace(cancellation, *connection_);
  }
  absl::Status Pin();
  absl::StatusOr<std::string> WholeRelationSql(const catalog::Table& table, IngestColumn ingest);
  bool IsStale(const catalog::Table& table, const PendingView& pending) const;
  bool NeedsMerge(const catalog::Table& table, const PendingView& pending) const {
    return pending.change_count > 0 && !IsStale(table, pending);
  }

  DatabaseCore* const core_;
  ConnectionPool* const pool_;
  std::unique_ptr<Connection> connection_;
  std::optional<RunningUnder> running_;
  std::shared_ptr<const catalog::CatalogState> catalog_;
  std::map<int64_t, TableView> tables_;  // by uid
  int64_t query_time_us_ = 0;
  // SQL that was handed out names these.
  std::vector<std::shared_ptr<const FoldedView>> folded_;
};

}  // namespace bqcdc::emulator::engine
