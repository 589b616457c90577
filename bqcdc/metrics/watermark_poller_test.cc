#include "bqcdc/metrics/watermark_poller.h"

#include <gtest/gtest.h>

namespace bqcdc::metrics {
namespace {

TEST(WatermarkPoller, AsksAtOnceAndThenOnceAMinute) {
  base::ManualClock clock(absl::FromUnixSeconds(1'700'000'000));
  pipeline::RunMeter meter(clock);
  absl::Mutex mutex;
  int asked = 0;
  const auto await = [&](int count) {
    const auto reached = [&] { return asked >= count; };
    absl::MutexLock lock(&mutex);
    return mutex.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(10));
  };
  {
    WatermarkPoller poller(
        [&]() -> absl::StatusOr<std::optional<absl::Time>> {
          absl::MutexLock lock(&mutex);
          if (++asked == 2) return absl::UnavailableError("no answer");
          return std::optional(clock.Now() - absl::Seconds(5));
        },
        meter, clock);
    ASSERT_TRUE(await(1));
    clock.Advance(kWatermarkInterval - absl::Seconds(1));
    clock.Advance(absl::Seconds(1));
    ASSERT_TRUE(await(2));
    // The thread may not have begun to wait yet; a minute from its question on is what counts.
    clock.Advance(kWatermarkInterval);
    ASSERT_TRUE(await(3));
  }
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(meter.Snapshot().watermark_errors, 1);
  EXPECT_EQ(meter.Snapshot().watermark, clock.Now() - absl::Seconds(5));
}

}  // namespace
}  // namespace bqcdc::metrics
