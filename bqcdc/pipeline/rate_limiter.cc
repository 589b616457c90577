#include "bqcdc/pipeline/rate_limiter.h"

#include <algorithm>

namespace bqcdc::pipeline {

RateLimiter::RateLimiter(double rate, absl::Duration burst, const base::Clock& clock)
    : rate_(rate), burst_(burst), clock_(clock), paid_at_(clock.Now() - burst) {}

bool RateLimiter::Take(double units) {
  const auto nobody_waits = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return open_ || closed_; };
  absl::MutexLock lock(&mutex_);
  const absl::Time came = clock_.Now();
  absl::Time now = came;
  while (!nobody_waits() && now < paid_at_) {
    clock_.AwaitWithDeadline(mutex_, absl::Condition(&nobody_waits), paid_at_);
    now = clock_.Now();
  }
  waited_ += std::max(now - came, absl::ZeroDuration());
  if (closed_) return false;
  paid_at_ = std::max(paid_at_, now - burst_) + absl::Seconds(units / rate_);
  return true;
}

void RateLimiter::Open() {
  absl::MutexLock lock(&mutex_);
  open_ = true;
}

void RateLimiter::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

absl::Duration RateLimiter::waited() const {
  absl::MutexLock lock(&mutex_);
  return waited_;
}

}  // namespace bqcdc::pipeline
