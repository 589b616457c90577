#include "tests/misbehaving_service/idle_clock.h"

#include <algorithm>
#include <utility>

#include "bqcdc/base/testing/sanitizer_factors.h"

namespace bqcdc::misbehaving {
namespace {

// Of the machine. Looks without any event in between, until the clock jumps.
constexpr absl::Duration kLook = absl::Microseconds(100);
constexpr int kIdleLooks = 3 * base::kSanitizerTimeFactor;
// A look that came this late shows that others, too, do not get the machine: it does not count.
constexpr absl::Duration kLate = absl::Milliseconds(2);
// A jump goes at most this far, so that a machine that stands still for a moment does not use up anybody's
// patience; and so far where nothing is expected in between.
constexpr absl::Duration kJumpMax = absl::Milliseconds(500);
constexpr absl::Duration kLongJump = absl::Seconds(10);

}  // namespace

IdleClock::IdleClock(absl::Time start, int patience)
    : idle_looks_(kIdleLooks * patience), clock_(start), thread_([this] { Drive(); }) {}

IdleClock::~IdleClock() {
  stopping_ = true;
  thread_.join();
}

bool IdleClock::AwaitWithDeadline(absl::Mutex& mutex, const absl::Condition& condition,
                                  absl::Time deadline) const {
  if (deadline == absl::InfiniteFuture()) return clock_.AwaitWithDeadline(mutex, condition, deadline);
  std::multiset<absl::Time>::iterator entry;
  {
    absl::MutexLock lock(&mutex_);
    entry = deadlines_.insert(deadline);
  }
  const bool holds = clock_.AwaitWithDeadline(mutex, condition, deadline);
  absl::MutexLock lock(&mutex_);
  deadlines_.erase(entry);
  return holds;
}

void IdleClock::ExpectNothingBefore(absl::Time time) {
  absl::MutexLock lock(&mutex_);
  nothing_before_ = time;
}

void IdleClock::OnOverrun(Limits limits, std::function<void()> overrun) {
  absl::MutexLock lock(&mutex_);
  limits_ = limits;
  overrun_ = std::move(overrun);
}

std::function<void()> IdleClock::Overrun(absl::Duration standing, std::int64_t jumps) {
  absl::MutexLock lock(&mutex_);
  if (overrun_ == nullptr || (standing < limits_.standing && jumps < limits_.jumps)) return nullptr;
  return std::exchange(overrun_, nullptr);
}

absl::Time IdleClock::NextJump() {
  absl::MutexLock lock(&mutex_);
  if (deadlines_.empty()) return absl::InfinitePast();
  const absl::Time now = clock_.Now();
  // The clock knows whole microseconds, a deadline may lie between two.
  absl::Time next = *deadlines_.begin() + absl::Microseconds(1);
  if (nothing_before_ <= now) return std::min(next, now + kJumpMax);
  return std::max(next, std::min(now + kLongJump, nothing_before_));
}

void IdleClock::Drive() {
  std::uint64_t seen = 0;
  int idle = 0;
  absl::Time jumped = absl::Now();
  std::int64_t jumps = 0;
  while (!stopping_) {
    const absl::Time asleep = absl::Now();
    absl::SleepFor(kLook);  // The machine's time is what this thread watches.
    const bool late = absl::Now() - asleep > kLate;
    if (const auto overrun = Overrun(absl::Now() - jumped, jumps)) overrun();
    const std::uint64_t ticks = ticks_.load(std::memory_order_relaxed);
    if (ticks != std::exchange(seen, ticks) || holds_.load() > 0) {
      idle = 0;
    } else if (!late && ++idle >= idle_looks_) {
      idle = 0;
      if (const absl::Time next = NextJump(); next > clock_.Now()) {
        clock_.Set(next);
        jumped = absl::Now();
        ++jumps;
      }
    }
  }
}

}  // namespace bqcdc::misbehaving
