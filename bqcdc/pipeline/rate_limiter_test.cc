#include "bqcdc/pipeline/rate_limiter.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/synchronization/notification.h"

namespace bqcdc::pipeline {
namespace {

// Takes in a thread of its own, and moves the clock until it has got through. Returns the time it took.
absl::Duration TakeByClock(RateLimiter& limiter, base::ManualClock& clock, double units) {
  const absl::Time start = clock.Now();
  absl::Notification done;
  std::thread taker([&] {
    EXPECT_TRUE(limiter.Take(units));
    done.Notify();
  });
  // Real time only paces the moves: the time of the clock decides.
  while (!done.WaitForNotificationWithTimeout(absl::Milliseconds(5))) clock.Advance(absl::Milliseconds(10));
  taker.join();
  return clock.Now() - start;
}

TEST(RateLimiter, TheBurstPassesAtOnceAndTheRestAtTheRate) {
  base::ManualClock clock(absl::UnixEpoch());
  RateLimiter limiter(1000, absl::Milliseconds(100), clock);
  EXPECT_TRUE(limiter.Take(60));
  EXPECT_TRUE(limiter.Take(60));  // Into debt, by 20 units = 20 ms.
  EXPECT_EQ(limiter.waited(), absl::ZeroDuration());
  EXPECT_GE(TakeByClock(limiter, clock, 1), absl::Milliseconds(20));
}

TEST(RateLimiter, OverTimeTheRateIsKeptWhateverTheSizes) {
  base::ManualClock clock(absl::UnixEpoch());
  RateLimiter limiter(1000, absl::Milliseconds(100), clock);
  double units = 0;
  for (const double size : {700.0, 1.0, 1.0, 250.0, 40.0, 8.0, 300.0}) {
    TakeByClock(limiter, clock, size);
    units += size;
  }
  TakeByClock(limiter, clock, 0.001);
  // All of it less the burst is paid for; the clock goes in steps of 10 ms, and some may pass unused.
  const absl::Duration least = absl::Seconds(units / 1000) - absl::Milliseconds(100);
  EXPECT_GE(clock.Now() - absl::UnixEpoch(), least);
  EXPECT_GE(limiter.waited(), least - absl::Milliseconds(10));
}

TEST(RateLimiter, TimeWithoutUseSavesNoMoreThanTheBurst) {
  base::ManualClock clock(absl::UnixEpoch());
  RateLimiter limiter(1000, absl::Milliseconds(100), clock);
  clock.Advance(absl::Hours(1));
  EXPECT_TRUE(limiter.Take(1100));
  EXPECT_GE(TakeByClock(limiter, clock, 1), absl::Seconds(1));
}

TEST(RateLimiter, OpenAndCloseEndTheWaiting) {
  for (const bool open : {true, false}) {
    base::ManualClock clock(absl::UnixEpoch());
    RateLimiter limiter(1, absl::ZeroDuration(), clock);
    EXPECT_TRUE(limiter.Take(1000));
    bool got = !open;
    std::thread taker([&] { got = limiter.Take(1000); });
    open ? limiter.Open() : limiter.Close();
    taker.join();
    EXPECT_EQ(got, open);
    EXPECT_EQ(limiter.Take(1), open) << "without waiting";
  }
}

}  // namespace
}  // namespace bqcdc::pipeline
