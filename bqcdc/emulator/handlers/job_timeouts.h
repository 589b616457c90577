#pragma once

#include <map>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/handlers/job.h"

namespace bqcdc::emulator::handlers {

// Ends jobs that run longer than their `jobTimeoutMs`
// (https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfiguration), by the machine's time: a
// server's clock may stand still while a query works. Thread-safe.
class JobTimeouts {
 public:
  // `clock` gives the times that a job's resource shows.
  explicit JobTimeouts(const base::Clock& clock);
  ~JobTimeouts();
  JobTimeouts(const JobTimeouts&) = delete;
  JobTimeouts& operator=(const JobTimeouts&) = delete;

  // While it lives, the job is ended when its time is over.
  class Watch {
   public:
    // REQUIRES: the job begins to run now. One without a timeout is left alone.
    Watch(JobTimeouts& timeouts, std::shared_ptr<Job> job);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    JobTimeouts& timeouts_;
    const std::shared_ptr<Job> job_;
  };

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // The next job whose time is over; null when this ends.
  std::shared_ptr<Job> AwaitDue() ABSL_LOCKS_EXCLUDED(mutex_);

  const base::Clock& clock_;
  absl::Mutex mutex_;
  std::multimap<absl::Time, std::shared_ptr<Job>> due_ ABSL_GUARDED_BY(mutex_);  // as many as run
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace bqcdc::emulator::handlers
