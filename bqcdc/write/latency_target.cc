#include "bqcdc/write/latency_target.h"

#include <algorithm>

namespace bqcdc::write {
namespace {

constexpr double kShrink = 0.7, kGrow = 1.15;
// Room that is needed before batches grow, as a part of the target.
constexpr double kRoom = 0.7;

std::size_t Scaled(std::size_t bytes, double factor) {
  return static_cast<std::size_t>(static_cast<double>(bytes) * factor);
}

}  // namespace

void LatencyTarget::OnAnswer(absl::Duration latency) {
  slowest_ = std::max(slowest_, latency);
  if (++answers_ < kAnswers) return;
  const std::size_t bytes = batch_bytes();
  const int requests = requests_in_flight();
  if (slowest_ > options_.target) {
    if (bytes > options_.batch_bytes_min) {
      batch_bytes_ = std::max(Scaled(bytes, kShrink), options_.batch_bytes_min);
    } else {
      requests_in_flight_ = std::max(static_cast<int>(requests * kShrink), 1);
    }
  } else if (slowest_ < kRoom * options_.target) {
    if (requests < options_.requests_in_flight_max) {
      requests_in_flight_ = requests + 1;
    } else {
      batch_bytes_ = std::min(Scaled(bytes, kGrow), options_.batch_bytes_max);
    }
  }
  answers_ = 0;
  slowest_ = absl::ZeroDuration();
}

}  // namespace bqcdc::write
