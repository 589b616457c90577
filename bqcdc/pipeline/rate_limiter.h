#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"

namespace bqcdc::pipeline {

// What a run may send. At most one of the two is set; 0 = no limit.
struct RateLimit {
  double rows_per_second = 0;
  double bytes_per_second = 0;  // of rows on the wire

  bool limited() const { return rows_per_second > 0 || bytes_per_second > 0; }
};

// Time's worth of a limit that may go out at once. Batches are kept to this size where they can be.
inline constexpr absl::Duration kRateLimitBurst = absl::Milliseconds(100);

// A token bucket that may go into debt: whoever comes waits until the debt of those before is paid, then
// takes all that he needs, however much it is. So batches of any size pass, and over time the rate is kept.
// Thread-safe.
class RateLimiter {
 public:
  // `rate` in units per second, more than 0; the bucket holds `burst` of it. `clock` must outlive it.
  RateLimiter(double rate, absl::Duration burst, const base::Clock& clock);

  // Waits for its turn and takes `units`. False after Close().
  bool Take(double units) ABSL_LOCKS_EXCLUDED(mutex_);
  // From now on nobody waits: the limit is lifted.
  void Open() ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends all waiting.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

  // How long callers have waited, all together.
  absl::Duration waited() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const double rate_;
  const absl::Duration burst_;
  const base::Clock& clock_;
  mutable absl::Mutex mutex_;
  // When the debt is paid; before now by at most the burst.
  absl::Time paid_at_ ABSL_GUARDED_BY(mutex_);
  absl::Duration waited_ ABSL_GUARDED_BY(mutex_);
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace bqcdc::pipeline
