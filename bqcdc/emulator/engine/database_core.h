#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/catalog/catalog_state.h"
#include "bqcdc/emulator/cdc/fold.h"
#include "bqcdc/emulator/engine/apply_history.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/store.h"
#include "bqcdc/emulator/engine/stream_sql.h"
#include "bqcdc/emulator/engine/table_state.h"

namespace bqcdc::emulator::engine {

// What the committer, the applier, the catalog's writers and the readers share.
//
// Order of locks: baseline_mutex → publish_latch → rows_mutex → mutex. Nobody runs a statement under `mutex`.
struct DatabaseCore {
  DatabaseCore(const DatabaseOptions& options, const base::Clock* clock, std::unique_ptr<Store> store)
      : options(options), clock(clock), store(std::move(store)) {}

  const DatabaseOptions options;
  const base::Clock* const clock;
  const std::unique_ptr<Store> store;
  cdc::FoldRules rules;
  ApplyHistory applies;

  // Who writes the baseline file: catalog changes and applies, one at a time, on this connection.
  absl::Mutex baseline_mutex ABSL_ACQUIRED_BEFORE(publish_latch);
  std::unique_ptr<Connection> baseline_connection ABSL_GUARDED_BY(baseline_mutex);

  // Held shared while a reader takes its snapshots, exclusively while a baseline transaction commits and its
  // counterpart in memory is put in place: a reader sees both or neither. Commits of the delta file need no
  // latch: a reader ignores delta rows beyond the ordinals that it was told before.
  absl::Mutex publish_latch ABSL_ACQUIRED_BEFORE(rows_mutex);

  // Held while the pending rows of a table grow (committer) or are exchanged (applier).
  absl::Mutex rows_mutex ABSL_ACQUIRED_BEFORE(mutex);

  absl::Mutex mutex;
  std::shared_ptr<const catalog::CatalogState> catalog ABSL_GUARDED_BY(mutex) =
      std::make_shared<catalog::CatalogState>();
  std::map<int64_t, std::shared_ptr<TableState>> tables ABSL_GUARDED_BY(mutex);
  int64_t next_uid ABSL_GUARDED_BY(mutex) = 1;
  // Created write streams as they are stored; changed by the committing thread, and when a table goes.
  StreamMap streams ABSL_GUARDED_BY(mutex);
  int64_t next_stream_number ABSL_GUARDED_BY(mutex) = 1;
  // Pending rows of all tables.
  int64_t pending_rows ABSL_GUARDED_BY(mutex) = 0;
  bool apply_forced ABSL_GUARDED_BY(mutex) = false;  // too much is pending: apply out of turn

  // The last time given out to a request, a query or an apply. Requests rise strictly above it, so that no
  // request comes to lie at or before an apply or a view that did not contain it.
  int64_t last_time_us ABSL_GUARDED_BY(mutex) = 0;
  // Ingest time of the first request of the group that is being committed.
  std::optional<int64_t> commit_since_us ABSL_GUARDED_BY(mutex);

  int64_t NowUs() const { return absl::ToUnixMicros(clock->Now()); }

  // A time at which exactly the requests count that are published now, not below any of them.
  int64_t TakeViewTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (commit_since_us) return *commit_since_us - 1;
    return last_time_us = std::max(NowUs(), last_time_us);
  }
  // For one request; the caller keeps commit_since_us at the first of its group.
  int64_t TakeIngestTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return last_time_us = std::max(NowUs(), last_time_us + 1);
  }

  std::shared_ptr<const catalog::CatalogState> Catalog() ABSL_LOCKS_EXCLUDED(mutex) {
    absl::MutexLock lock(&mutex);
    return catalog;
  }
  // Null where there is none, or none any more.
  WriteStream* FindStream(int64_t uid, const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto of_table = streams.find(uid);
    if (of_table == streams.end()) return nullptr;
    const auto found = of_table->second.find(id);
    if (found == of_table->second.end() || IsExpired(found->second, NowUs())) return nullptr;
    return &found->second;
  }
  // Unapplied changes exist, or one came within the active window.
  bool IsActiveWithCdc(int64_t uid) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto found = tables.find(uid);
    if (found == tables.end()) return false;
    const TableState& state = *found->second;
    if (state.change_count_ > 0) return true;
    const auto last = state.record_.last_change_us;
    return last && NowUs() - *last <= absl::ToInt64Microseconds(options.cdc.active_window);
  }
  std::shared_ptr<TableState> FindState(int64_t uid) ABSL_LOCKS_EXCLUDED(mutex) {
    absl::MutexLock lock(&mutex);
    const auto found = tables.find(uid);
    return found == tables.end() ? nullptr : found->second;
  }
};

}  // namespace bqcdc::emulator::engine
