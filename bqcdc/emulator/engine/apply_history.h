#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/catalog/entities.h"

namespace bqcdc::emulator::engine {

// Changes of a table that were folded into its baseline: what the service does as a job in the background.
// Times are microseconds since the Unix epoch.
struct FinishedApply {
  catalog::TableId table;  // as it was called then
  int64_t table_uid = 0;
  std::string location;  // of its dataset
  int64_t view_us = 0;   // changes up to here were applied; no other apply of the table has the same
  int64_t start_us = 0;
  int64_t end_us = 0;
};

// The last applies of all tables, in memory only. Thread-safe.
class ApplyHistory {
 public:
  // Of more, the oldest are forgotten: some 2 MB.
  static constexpr size_t kAppliesMax = 10'000;

  void Add(FinishedApply apply) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (applies_.size() == kAppliesMax) applies_.pop_front();
    applies_.push_back(std::move(apply));
  }

  // Those of a project's tables, newest first.
  std::vector<FinishedApply> List(std::string_view project) const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    std::vector<FinishedApply> listed;
    for (auto apply = applies_.rbegin(); apply != applies_.rend(); ++apply) {
      if (apply->table.project == project) listed.push_back(*apply);
    }
    return listed;
  }

 private:
  mutable absl::Mutex mutex_;
  std::deque<FinishedApply> applies_ ABSL_GUARDED_BY(mutex_);  // oldest first
};

}  // namespace bqcdc::emulator::engine
