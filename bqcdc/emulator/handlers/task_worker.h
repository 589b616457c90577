#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace bqcdc::emulator::handlers {

// One thread that runs what must not run on the thread where it came up (the committing thread must not
// decode). Tasks run in the order in which they were posted. Thread-safe.
class TaskWorker {
 public:
  TaskWorker();
  // Runs what was posted, then ends.
  ~TaskWorker();
  TaskWorker(const TaskWorker&) = delete;
  TaskWorker& operator=(const TaskWorker&) = delete;

  void Post(std::function<void()> task);

 private:
  void Run();

  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace bqcdc::emulator::handlers
