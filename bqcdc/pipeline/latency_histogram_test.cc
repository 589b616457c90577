#include "bqcdc/pipeline/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace bqcdc::pipeline {
namespace {

TEST(LatencyHistogram, QuantilesAreAtMostAnEighthTooLarge) {
  std::minstd_rand random(7);
  std::lognormal_distribution<double> micros(8, 2);
  LatencyHistogram histogram;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 10'000; ++i) {
    all.push_back(static_cast<std::int64_t>(micros(random)));
    histogram.Add(absl::Microseconds(all.back()));
  }
  std::sort(all.begin(), all.end());
  for (const double part : {0.0001, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto exact = static_cast<double>(all[static_cast<std::size_t>(part * 10'000 + 0.5) - 1]);
    const double told = absl::ToDoubleMicroseconds(histogram.Quantile(part));
    EXPECT_GE(told, exact) << part;
    EXPECT_LE(told, exact * 1.125 + 1) << part;
  }
}

TEST(LatencyHistogram, BoundsIncludeTheirOwnValue) {
  LatencyHistogram histogram;
  histogram.Add(absl::Milliseconds(1));
  histogram.Add(absl::Milliseconds(1) + absl::Nanoseconds(1));
  histogram.Add(absl::Hours(5));
  EXPECT_EQ(histogram.CountUpTo(0), 1);
  EXPECT_EQ(histogram.CountUpTo(1), 2);
  EXPECT_EQ(histogram.CountUpTo(LatencyHistogram::kBounds.size() - 1), 2);
  EXPECT_EQ(histogram.count(), 3);
  EXPECT_EQ(histogram.Quantile(1), absl::Hours(5));
}

TEST(LatencyHistogram, EmptyOnesAndClocksThatWentBackDoNoHarm) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), absl::ZeroDuration());
  histogram.Add(absl::Milliseconds(-5));
  EXPECT_EQ(histogram.Quantile(0.5), absl::ZeroDuration());
  EXPECT_EQ(histogram.sum(), absl::ZeroDuration());
}

TEST(LatencyHistogram, NoQuantileExceedsTheLargestSample) {
  LatencyHistogram histogram;
  histogram.Add(absl::Milliseconds(232));
  EXPECT_EQ(histogram.Quantile(0.99), absl::Milliseconds(232));
}

TEST(LatencyHistogram, SinceCountsWhatWasAddedAfterwards) {
  LatencyHistogram histogram;
  histogram.Add(absl::Seconds(1));
  const LatencyHistogram before = histogram;
  histogram.Add(absl::Milliseconds(3));
  const LatencyHistogram since = histogram.Since(before);
  EXPECT_EQ(since.count(), 1);
  EXPECT_EQ(since.sum(), absl::Milliseconds(3));
  EXPECT_LT(since.Quantile(1), absl::Milliseconds(4));
}

}  // namespace
}  // namespace bqcdc::pipeline
