#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"

namespace bqcdc::misbehaving {

// A clock that drives itself: it stands while something happens, and jumps to the next time that anybody
// waits for once nothing has happened for a moment. So minutes of pauses pass in milliseconds, and a machine
// that is slow for a moment makes time pass earlier, never more of it: between two things that happen at
// least as many jumps are needed as there are deadlines. Thread-safe.
class IdleClock final : public base::Clock {
 public:
  // `patience` is how many times longer than usual nothing must have happened: for a machine with much else
  // to do.
  explicit IdleClock(absl::Time start, int patience = 1);
  ~IdleClock() override;

  absl::Time Now() const override { return clock_.Now(); }
  bool AwaitWithDeadline(absl::Mutex& mutex, const absl::Condition& condition,
                         absl::Time deadline) const override;

  // Something happened that no waiter shows: a request came, an answer went.
  void Tick() { ticks_.fetch_add(1, std::memory_order_relaxed); }
  // Nothing but waiting is expected before `time`, so jumps may be long until then.
  void ExpectNothingBefore(absl::Time time);
  // Moves at once, as when a machine sleeps.
  void Advance(absl::Duration duration) { clock_.Advance(duration); }
  // The clock stands while anybody holds it: for things that pass in the machine's own time.
  void Hold() { holds_.fetch_add(1); }
  void Release() { holds_.fetch_sub(1); }
  struct Limits {
    absl::Duration standing;  // of the machine's time, without any jump
    std::int64_t jumps;       // in all; unlike time they do not depend on what else the machine does
  };
  // `overrun` is called once, by the clock's own thread, where one of the limits is reached.
  void OnOverrun(Limits limits, std::function<void()> overrun);

 private:
  void Drive();
  absl::Time NextJump();
  // The call that is due now; empty = none.
  std::function<void()> Overrun(absl::Duration standing, std::int64_t jumps);

  const int idle_looks_;
  base::ManualClock clock_;
  mutable absl::Mutex mutex_;
  mutable std::multiset<absl::Time> deadlines_ ABSL_GUARDED_BY(mutex_);
  absl::Time nothing_before_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::function<void()> overrun_ ABSL_GUARDED_BY(mutex_);
  Limits limits_ ABSL_GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> ticks_{0};
  std::atomic<int> holds_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace bqcdc::misbehaving
