#include "bqcdc/emulator/handlers/job_timeouts.h"

#include <utility>

#include "absl/time/clock.h"

namespace bqcdc::emulator::handlers {

JobTimeouts::JobTimeouts(const base::Clock& clock) : clock_(clock), thread_([this] { Run(); }) {}

JobTimeouts::~JobTimeouts() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

JobTimeouts::Watch::Watch(JobTimeouts& timeouts, std::shared_ptr<Job> job)
    : timeouts_(timeouts), job_(std::move(job)) {
  if (!job_->spec.timeout_ms) return;
  absl::MutexLock lock(&timeouts_.mutex_);
  timeouts_.due_.emplace(absl::Now() + absl::Milliseconds(*job_->spec.timeout_ms), job_);
  timeouts_.changed_ = true;
}

JobTimeouts::Watch::~Watch() {
  if (!job_->spec.timeout_ms) return;
  absl::MutexLock lock(&timeouts_.mutex_);
  std::erase_if(timeouts_.due_, [&](const auto& entry) { return entry.second == job_; });
}

std::shared_ptr<Job> JobTimeouts::AwaitDue() {
  absl::MutexLock lock(&mutex_);
  const auto woken = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return changed_ || stopping_; };
  while (!stopping_) {
    if (!due_.empty() && due_.begin()->first <= absl::Now()) return due_.extract(due_.begin()).mapped();
    changed_ = false;
    mutex_.AwaitWithDeadline(absl::Condition(&woken),
                             due_.empty() ? absl::InfiniteFuture() : due_.begin()->first);
  }
  return nullptr;
}

void JobTimeouts::Run() {
  while (const std::shared_ptr<Job> job = AwaitDue()) {
    job->Cancel(TimedOut(*job->spec.timeout_ms), absl::ToUnixMillis(clock_.Now()));
  }
}

}  // namespace bqcdc::emulator::handlers
