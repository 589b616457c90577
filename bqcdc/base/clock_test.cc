#include "bqcdc/base/clock.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace bqcdc::base {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

TEST(SystemClockTest, IsCutToMicroseconds) {
  const absl::Time now = SystemClock::Get().Now();
  EXPECT_EQ(now, absl::FromUnixMicros(absl::ToUnixMicros(now)));
  EXPECT_LE(now, absl::Now());
}

TEST(ManualClockTest, MovesOnlyForward) {
  ManualClock clock(kStart + absl::Nanoseconds(999));
  EXPECT_EQ(clock.Now(), kStart);
  EXPECT_EQ(clock.Advance(absl::Minutes(15)), kStart + absl::Minutes(15));
  EXPECT_FALSE(clock.Set(kStart));
  EXPECT_EQ(clock.Now(), kStart + absl::Minutes(15));
  EXPECT_TRUE(clock.Set(kStart + absl::Hours(1)));
  EXPECT_EQ(clock.Now(), kStart + absl::Hours(1));
}

TEST(ManualClockTest, TellsListenersUntilTheyEnd) {
  ManualClock clock(kStart);
  std::vector<absl::Time> heard;
  auto subscription = clock.Listen([&](absl::Time now) {
    EXPECT_EQ(clock.Now(), now);
    heard.push_back(now);
  });
  clock.Advance(absl::Seconds(1));
  clock.Set(kStart);  // refused, so nobody is told
  clock.Set(kStart + absl::Seconds(2));
  subscription.reset();
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(heard, (std::vector{kStart + absl::Seconds(1), kStart + absl::Seconds(2)}));
}

TEST(ManualClockTest, AwaitEndsAtTheDeadline) {
  ManualClock clock(kStart);
  absl::Mutex mutex;
  std::atomic<bool> ended = false;
  std::thread waiter([&] {
    absl::MutexLock lock(&mutex);
    EXPECT_FALSE(clock.AwaitWithDeadline(mutex,
                                         absl::Condition(
                                             +[](void*) { return false; }, static_cast<void*>(nullptr)),
                                         kStart + absl::Seconds(10)));
    ended = true;
  });
  clock.Advance(absl::Seconds(9));
  EXPECT_FALSE(ended);
  clock.Advance(absl::Seconds(1));
  waiter.join();
  EXPECT_TRUE(ended);
}

TEST(ManualClockTest, AwaitEndsWithTheCondition) {
  ManualClock clock(kStart);
  absl::Mutex mutex;
  bool ready = false;
  std::thread waiter([&] {
    absl::MutexLock lock(&mutex);
    EXPECT_TRUE(clock.AwaitWithDeadline(mutex, absl::Condition(&ready), absl::InfiniteFuture()));
  });
  clock.Advance(absl::Hours(1));
  {
    absl::MutexLock lock(&mutex);
    ready = true;
  }
  waiter.join();
}

// Waiters that come and go while the clock moves: no deadlock, no call into a waiter that has left.
TEST(ManualClockTest, MovesWhileWaitersComeAndGo) {
  ManualClock clock(kStart);
  std::atomic<bool> stop = false;
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i) {
    waiters.emplace_back([&] {
      while (!stop) {
        absl::Mutex mutex;
        absl::MutexLock lock(&mutex);
        bool never = false;
        clock.AwaitWithDeadline(mutex, absl::Condition(&never), clock.Now() + absl::Microseconds(3));
      }
    });
  }
  for (int i = 0; i < 2'000; ++i) clock.Advance(absl::Microseconds(1));
  stop = true;
  std::atomic<bool> joined = false;
  std::thread mover([&] {
    while (!joined) clock.Advance(absl::Microseconds(1));
  });
  for (std::thread& waiter : waiters) waiter.join();
  joined = true;
  mover.join();
}

}  // namespace
}  // namespace bqcdc::base
