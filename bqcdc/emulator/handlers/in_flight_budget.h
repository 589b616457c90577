#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace bqcdc::emulator::handlers {

// Bytes of requests, over all connections, that wait for their commit. A connection that finds the budget
// spent does not read on until it is woken: the client feels it as flow control. Thread-safe.
class InFlightBudget {
 public:
  explicit InFlightBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}

  // A request was read: it counts, even beyond the limit.
  void Add(int64_t bytes);
  // A request turned out to take more than its bytes on the wire.
  void Grow(int64_t bytes);
  // Commits are done. Wakes those who wait, outside of the lock.
  void Remove(int64_t bytes, int64_t requests);
  // True: there is room. False: `wake` is called once, later, when there is.
  bool HasRoomOrWait(std::function<void()> wake);
  // Blocks until nothing is in flight.
  void AwaitEmpty();

 private:
  const int64_t bytes_max_;
  absl::Mutex mutex_;
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t requests_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::emulator::handlers
