#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace bqcdc::emulator::handlers {

// How long a row's `insertId` is remembered, by the server's clock ("at least one minute":
// https://cloud.google.com/bigquery/docs/streaming-data-into-bigquery#dataconsistency).
inline constexpr absl::Duration kInsertIdAgeMax = absl::Minutes(1);
// Of all tables together; beyond it the oldest are forgotten.
inline constexpr size_t kInsertIdsMax = 100'000;
inline constexpr size_t kInsertIdBytesMax = 128;

// Which rows of tabledata.insertAll were stored lately. Best effort, as at the service: two requests with one
// id at the same moment are both stored, and nothing is remembered over a restart. Thread-safe.
class InsertIds {
 public:
  bool Contains(int64_t table_uid, const std::string& id, absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);
  // The rows with these ids are durable.
  void Remember(int64_t table_uid, const std::vector<std::string>& ids, absl::Time now)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Key = std::pair<int64_t, std::string>;

  void ForgetOld(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::set<Key> known_ ABSL_GUARDED_BY(mutex_);
  struct Entry {
    absl::Time stored;
    Key key;
  };
  std::deque<Entry> by_age_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::emulator::handlers
