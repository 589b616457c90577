#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace bqcdc::base {

// Tells the time. Passed in wherever time decides something, so that tests drive it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Now, cut to microseconds: the finest time that BigQuery knows (TIMESTAMP has microsecond precision).
  virtual absl::Time Now() const = 0;

  // Blocks until `condition` holds (it is evaluated under `mutex`) or this clock has reached `deadline`.
  // REQUIRES: `mutex` is held; it is released while waiting and held again on return.
  // Returns whether the condition holds. absl::InfiniteFuture() waits for the condition alone.
  virtual bool AwaitWithDeadline(absl::Mutex& mutex, const absl::Condition& condition,
                                 absl::Time deadline) const = 0;
};

// The machine's wall clock.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
  bool AwaitWithDeadline(absl::Mutex& mutex, const absl::Condition& condition,
                         absl::Time deadline) const override;

  // One for the process, never destroyed.
  static const SystemClock& Get();
};

// A clock that moves only when told to, never backwards. Timers of a server follow it: AwaitWithDeadline()
// wakes up when the time is set past its deadline, and listeners are called after each move.
class ManualClock final : public Clock {
 public:
  // Called with the new time after each move, on the thread that moved it and without the clock's lock, so it
  // may ask the clock, and may be called for two moves at once.
  using Listener = std::function<void(absl::Time now)>;

  // Ends the subscription when destroyed; a call that runs meanwhile is waited for. Must not outlive the
  // clock and must not be destroyed by its own listener.
  class Subscription {
   public:
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    friend class ManualClock;
    Subscription(ManualClock& clock, std::int64_t id) : clock_(clock), id_(id) {}
    ManualClock& clock_;
    const std::int64_t id_;
  };

  explicit ManualClock(absl::Time start);
  ~ManualClock() override;

  absl::Time Now() const override;
  bool AwaitWithDeadline(absl::Mutex& mutex, const absl::Condition& condition,
                         absl::Time deadline) const override;

  // Moves the clock. Returns false and changes nothing if `time` lies before the present one.
  bool Set(absl::Time time);
  // REQUIRES: `duration` is not negative. Returns the new time.
  absl::Time Advance(absl::Duration duration);

  [[nodiscard]] std::unique_ptr<Subscription> Listen(Listener listener);

 private:
  struct Entry {
    Listener listener;
    int calls_running = 0;
  };

  void Notify(absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);

  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  std::int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::int64_t, std::shared_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::base
