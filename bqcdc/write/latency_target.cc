#include "bqcdc/write/latency_target.h"

#include <algorithm>

namespace bqcdc::write {
namespace {

constexpr double kShrink = 0.7, kGrow = 1.15;
// Room that is needed before batches grow, as a part of the target.
constexpr double kRoom = 0.7;

}  // namespace

void LatencyTarget::OnAnswer(absl::Duration latency) {
  slowest_ = std::max(slowest_, latency);
  if (++answers_ < kAnswers) return;
  double bytes = static_cast<double>(batch_bytes());
  if (slowest_ > options_.target) {
    bytes *= kShrink;
  } else if (slowest_ < kRoom * options_.target) {
    bytes *= kGrow;
  }
  batch_bytes_.store(
      std::clamp(static_cast<std::size_t>(bytes), options_.batch_bytes_min, options_.batch_bytes_max),
      std::memory_order_relaxed);
  answers_ = 0;
  slowest_ = absl::ZeroDuration();
}

}  // namespace bqcdc::write
