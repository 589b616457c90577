#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace bqcdc::pipeline {

// How long things took, counted in fixed memory: for quantiles, and by the bounds that dashboards know.
// Copyable; not thread-safe.
class LatencyHistogram {
 public:
  // Upper bounds of what is exported; above the last is everything else.
  static constexpr std::array<absl::Duration, 16> kBounds = {
      absl::Milliseconds(1),   absl::Microseconds(2500), absl::Milliseconds(5),    absl::Milliseconds(10),
      absl::Milliseconds(25),  absl::Milliseconds(50),   absl::Milliseconds(100),  absl::Milliseconds(250),
      absl::Milliseconds(500), absl::Seconds(1),         absl::Milliseconds(2500), absl::Seconds(5),
      absl::Seconds(10),       absl::Seconds(30),        absl::Minutes(1),         absl::Minutes(5)};

  // Negative ones (a clock that was set back) count as 0.
  void Add(absl::Duration duration);

  std::int64_t count() const { return count_; }
  absl::Duration sum() const { return sum_; }
  // Samples that are at most kBounds[i].
  std::int64_t CountUpTo(std::size_t i) const;
  // The smallest duration that this part of the samples (0 to 1) does not exceed, at most an eighth too
  // large and never more than the largest sample; zero without samples.
  absl::Duration Quantile(double part) const;

  // What was added since `before`, an earlier copy of this one.
  LatencyHistogram Since(const LatencyHistogram& before) const;

 private:
  // Eight steps for each power of two of microseconds, up to more than an hour.
  static constexpr int kStepBits = 3;
  static constexpr std::size_t kFineCount = 32U << kStepBits;
  static std::size_t FineIndex(std::int64_t micros);
  static std::int64_t FineUpper(std::size_t index);

  std::int64_t count_ = 0;
  absl::Duration sum_, max_;
  std::array<std::int64_t, kBounds.size()> coarse_{};  // each sample in one
  std::array<std::int64_t, kFineCount> fine_{};
};

}  // namespace bqcdc::pipeline
