#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace bqcdc::emulator::handlers {

inline constexpr int kQueriesRunningMax = 4;
inline constexpr size_t kQueriesWaitingMax = 1'000;

// Threads that run query jobs, so that a long query outlives the request that began it. Thread-safe.
class QueryExecutor {
 public:
  QueryExecutor();
  // Waits for what runs; what waits is dropped.
  ~QueryExecutor();

  // Errors: Unavailable when too many queries wait, so that clients try again.
  absl::Status Submit(std::function<void()> work) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Mutex mutex_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace bqcdc::emulator::handlers
