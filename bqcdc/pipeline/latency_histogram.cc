#include "bqcdc/pipeline/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bqcdc::pipeline {

std::size_t LatencyHistogram::FineIndex(std::int64_t micros) {
  const auto value = static_cast<std::uint64_t>(micros);
  if (value < (1U << kStepBits)) return value;
  const int shift = std::bit_width(value) - 1 - kStepBits;
  const std::size_t index =
      (static_cast<std::size_t>(shift + 1) << kStepBits) + (value >> shift) - (1U << kStepBits);
  return std::min(index, kFineCount - 1);
}

std::int64_t LatencyHistogram::FineUpper(std::size_t index) {
  constexpr std::size_t kSteps = 1U << kStepBits;
  if (index < kSteps) return static_cast<std::int64_t>(index);
  const std::size_t shift = (index >> kStepBits) - 1;
  return static_cast<std::int64_t>(((kSteps + index % kSteps + 1) << shift) - 1);
}

void LatencyHistogram::Add(absl::Duration duration) {
  duration = std::max(duration, absl::ZeroDuration());
  ++count_;
  sum_ += duration;
  max_ = std::max(max_, duration);
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), duration);
  if (bound != kBounds.end()) ++coarse_[static_cast<std::size_t>(bound - kBounds.begin())];
  ++fine_[FineIndex(absl::ToInt64Microseconds(duration))];
}

std::int64_t LatencyHistogram::CountUpTo(std::size_t i) const {
  std::int64_t count = 0;
  for (std::size_t at = 0; at <= i; ++at) count += coarse_[at];
  return count;
}

absl::Duration LatencyHistogram::Quantile(double part) const {
  if (count_ == 0) return absl::ZeroDuration();
  const auto wanted =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(part * static_cast<double>(count_))));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < fine_.size(); ++i) {
    seen += fine_[i];
    if (seen >= wanted) return i + 1 < fine_.size() ? std::min(absl::Microseconds(FineUpper(i)), max_) : max_;
  }
  return max_;
}

LatencyHistogram LatencyHistogram::Since(const LatencyHistogram& before) const {
  LatencyHistogram since = *this;
  since.count_ -= before.count_;
  since.sum_ -= before.sum_;
  for (std::size_t i = 0; i < coarse_.size(); ++i) since.coarse_[i] -= before.coarse_[i];
  for (std::size_t i = 0; i < fine_.size(); ++i) since.fine_[i] -= before.fine_[i];
  return since;
}

}  // namespace bqcdc::pipeline
