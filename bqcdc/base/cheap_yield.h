#pragma once

#include <chrono>
#include <functional>

namespace bqcdc::base {

// Lets other threads run between two pieces of a computation, as long as that costs little. The kernel gives
// one that computes its whole share then (some 4 ms on Linux 6.18, beside four such programs on two cores),
// so that a computation that gives way ten thousand times a second would hardly go on.
//
// Not thread-safe: one for each thread that computes.
class CheapYield {
 public:
  using Clock = std::chrono::steady_clock;

  // From `kDear` on, which is more than an answer takes, a yield is dear, and `kPauses` times what it took
  // passes until the next one: dear ones cost a tenth at most.
  static constexpr Clock::duration kDear = std::chrono::milliseconds(2);
  static constexpr int kPauses = 10;

  CheapYield();
  // For tests: what tells the time, and what gives way.
  CheapYield(std::function<Clock::time_point()> now, std::function<void()> yield);

  // Gives way, or returns at once where that was dear a moment ago.
  void Yield();

 private:
  std::function<Clock::time_point()> now_;
  std::function<void()> yield_;
  Clock::time_point next_;  // not before
};

}  // namespace bqcdc::base
