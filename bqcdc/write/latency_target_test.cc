#include "bqcdc/write/latency_target.h"

#include <gtest/gtest.h>

namespace bqcdc::write {
namespace {

constexpr std::size_t kMax = 1024 * 1024, kMin = 16 * 1024;

// A service that takes `rate` bytes a second, with 16 requests in front of it.
absl::Duration LatencyOf(std::size_t batch_bytes, double rate) {
  return absl::Seconds(16 * static_cast<double>(batch_bytes) / rate);
}

std::size_t SettledBytes(absl::Duration target, double rate) {
  LatencyTarget latency({.target = target});
  for (int i = 0; i < 2000; ++i) latency.OnAnswer({.answered = LatencyOf(latency.batch_bytes(), rate)});
  return latency.batch_bytes();
}

TEST(LatencyTargetTest, BatchesStayLargeWhileTheTargetIsMet) {
  EXPECT_EQ(SettledBytes(absl::Seconds(1), 100e6), kMax);
}

TEST(LatencyTargetTest, BatchesShrinkUntilTheTargetIsMet) {
  const std::size_t bytes = SettledBytes(absl::Milliseconds(50), 100e6);
  EXPECT_LE(LatencyOf(bytes, 100e6), absl::Milliseconds(50) * 1.16)
      << "it looks for the border by crossing it";
  EXPECT_GE(LatencyOf(bytes, 100e6), absl::Milliseconds(20)) << "and no further";
}

TEST(LatencyTargetTest, BatchesGrowAgain) {
  LatencyTarget latency({.target = absl::Milliseconds(50)});
  for (int i = 0; i < 200; ++i) latency.OnAnswer({.answered = absl::Seconds(1)});
  EXPECT_EQ(latency.batch_bytes(), kMin);
  for (int i = 0; i < 500; ++i) latency.OnAnswer({.answered = absl::Milliseconds(1)});
  EXPECT_EQ(latency.batch_bytes(), kMax);
}

// Where each request takes its time whatever its size, smaller batches do not help; fewer of them do.
TEST(LatencyTargetTest, TheWindowShrinksWhereTheSmallestBatchesMissTheTarget) {
  LatencyTarget latency({.target = absl::Milliseconds(50)});
  for (int i = 0; i < 2000; ++i)
    latency.OnAnswer({.answered = latency.requests_in_flight() * absl::Milliseconds(10)});
  EXPECT_EQ(latency.batch_bytes(), kMin);
  EXPECT_GE(latency.requests_in_flight(), 3);
  EXPECT_LE(latency.requests_in_flight(), 6) << "it looks for the border by crossing it";
  // Where the service queues so much that nothing is enough, one request at a time is what is left.
  for (int i = 0; i < 2000; ++i)
    latency.OnAnswer({.answered = latency.requests_in_flight() * absl::Seconds(1)});
  EXPECT_EQ(latency.requests_in_flight(), 1);
  // Back again: the window first, then the batches.
  for (int i = 0; i < 8 * 17 && latency.requests_in_flight() < 16; ++i)
    latency.OnAnswer({.answered = absl::Milliseconds(1)});
  EXPECT_EQ(latency.requests_in_flight(), 16);
  EXPECT_EQ(latency.batch_bytes(), kMin);
  for (int i = 0; i < 500; ++i) latency.OnAnswer({.answered = absl::Milliseconds(1)});
  EXPECT_EQ(latency.batch_bytes(), kMax);
}

// A distant service that takes any number of requests at once, and a source that is faster: so many batches
// wait in front of the window that fewer requests under way make each row wait longer.
TEST(LatencyTargetTest, TheWindowStaysWhereFewerRequestsAreNotAnsweredSooner) {
  constexpr int kBatchesInMemory = 32;
  constexpr absl::Duration kWay = absl::Milliseconds(100);
  LatencyTarget latency({.target = absl::Milliseconds(150)});
  int small = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double turns = static_cast<double>(kBatchesInMemory) / latency.requests_in_flight();
    latency.OnAnswer({.before = (turns - 1) * kWay, .answered = kWay});
    ASSERT_GE(latency.requests_in_flight(), 11) << "after " << i << " answers";
    small += latency.requests_in_flight() < 16 ? 1 : 0;
  }
  EXPECT_GT(small, 0) << "it was tried";
  EXPECT_LT(small, 20'000 / 20) << "and seldom";
}

TEST(LatencyTargetTest, OneSlowAnswerAmongManyCountsOnce) {
  LatencyTarget latency({.target = absl::Milliseconds(50)});
  latency.OnAnswer({.answered = absl::Seconds(1)});
  for (int i = 0; i < 7; ++i) latency.OnAnswer({.answered = absl::Milliseconds(40)});
  EXPECT_LT(latency.batch_bytes(), kMax);
  EXPECT_GT(latency.batch_bytes(), kMax / 2);
}

}  // namespace
}  // namespace bqcdc::write
