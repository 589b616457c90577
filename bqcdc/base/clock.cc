#include "bqcdc/base/clock.h"

#include <memory>
#include <utility>
#include <vector>

namespace bqcdc::base {
namespace {

absl::Time CutToMicroseconds(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

}  // namespace

absl::Time SystemClock::Now() const { return CutToMicroseconds(absl::Now()); }

bool SystemClock::AwaitWithDeadline(absl::Mutex& mutex, const absl::Condition& condition,
                                    absl::Time deadline) const {
  return mutex.AwaitWithDeadline(condition, deadline);
}

const SystemClock& SystemClock::Get() {
  static const SystemClock* const clock = new SystemClock;
  return *clock;
}

ManualClock::ManualClock(absl::Time start) : now_(CutToMicroseconds(start)) {}

ManualClock::~ManualClock() = default;

absl::Time ManualClock::Now() const {
  absl::MutexLock lock(&mutex_);
  return now_;
}

bool ManualClock::AwaitWithDeadline(absl::Mutex& mutex, const absl::Condition& condition,
                                    absl::Time deadline) const {
  const auto done = [&] { return condition.Eval() || Now() >= deadline; };
  while (!done()) {
    // A mutex evaluates conditions when it is unlocked, so a move of the clock has to pass through this one.
    auto subscription =
        const_cast<ManualClock*>(this)->Listen([&mutex](absl::Time) { absl::MutexLock lock(&mutex); });
    mutex.Await(absl::Condition(&done));
    // Ending the subscription waits for a listener that may want the mutex.
    mutex.Unlock();
    subscription.reset();
    mutex.Lock();
  }
  return condition.Eval();
}

bool ManualClock::Set(absl::Time time) {
  time = CutToMicroseconds(time);
  {
    absl::MutexLock lock(&mutex_);
    if (time < now_) return false;
    now_ = time;
  }
  Notify(time);
  return true;
}

absl::Time ManualClock::Advance(absl::Duration duration) {
  absl::Time now;
  {
    absl::MutexLock lock(&mutex_);
    now_ = CutToMicroseconds(now_ + duration);
    now = now_;
  }
  Notify(now);
  return now;
}

std::unique_ptr<ManualClock::Subscription> ManualClock::Listen(Listener listener) {
  absl::MutexLock lock(&mutex_);
  const std::int64_t id = next_id_++;
  auto entry = std::make_shared<Entry>();
  entry->listener = std::move(listener);
  entries_.emplace(id, std::move(entry));
  return std::unique_ptr<Subscription>(new Subscription(*this, id));
}

void ManualClock::Notify(absl::Time now) {
  std::vector<std::shared_ptr<Entry>> called;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, entry] : entries_) {
      ++entry->calls_running;
      called.push_back(entry);
    }
  }
  for (const auto& entry : called) {
    entry->listener(now);
    absl::MutexLock lock(&mutex_);
    --entry->calls_running;
  }
}

ManualClock::Subscription::~Subscription() {
  absl::MutexLock lock(&clock_.mutex_);
  const auto found = clock_.entries_.find(id_);
  const std::shared_ptr<Entry> entry = found->second;
  clock_.entries_.erase(found);
  const auto idle = [&entry] { return entry->calls_running == 0; };
  clock_.mutex_.Await(absl::Condition(&idle));
}

}  // namespace bqcdc::base
