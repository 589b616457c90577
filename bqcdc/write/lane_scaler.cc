#include "bqcdc/write/lane_scaler.h"

#include <algorithm>

namespace bqcdc::write {

LaneScaler::LaneScaler(LaneScalerOptions options, absl::Time now)
    : options_(options), period_start_(now), last_wait_(now), trial_pause_(options.trial_pause_first) {}

double LaneScaler::RateSince(absl::Time now, std::int64_t bytes) const {
  const double seconds = std::max(absl::ToDoubleSeconds(now - period_start_), 1e-6);
  return static_cast<double>(bytes - period_bytes_) / seconds;
}

void LaneScaler::StartPeriod(absl::Time now, std::int64_t bytes) {
  period_start_ = now;
  period_bytes_ = bytes;
  waited_all_along_ = true;
}

int LaneScaler::Update(absl::Time now, bool waiting_for_room, std::int64_t acknowledged_bytes) {
  if (waiting_for_room) last_wait_ = now;
  waited_all_along_ = waited_all_along_ && waiting_for_room;
  if (now < period_start_ + options_.period) return lanes_;
  const double rate = RateSince(now, acknowledged_bytes);
  if (in_trial_) {
    if (!trial_settled_) {
      trial_settled_ = true;
    } else {
      in_trial_ = false;
      if (rate < rate_before_ * options_.gain_min) {
        lanes_ = lanes_before_;
        next_trial_ = now + trial_pause_;
        trial_pause_ = std::min(trial_pause_ * 2, options_.trial_pause_max);
      } else {
        trial_pause_ = options_.trial_pause_first;
      }
    }
  } else if (waited_all_along_ && waiting_for_room && lanes_ < options_.lanes_max && now >= next_trial_) {
    in_trial_ = true;
    trial_settled_ = false;
    lanes_before_ = lanes_;
    rate_before_ = rate;
    lanes_ = std::min(lanes_ * 2, options_.lanes_max);
  } else if (lanes_ > 1 && now >= last_wait_ + options_.shrink_after) {
    lanes_ = std::max(lanes_ / 2, 1);
    last_wait_ = now;
  }
  StartPeriod(now, acknowledged_bytes);
  return lanes_;
}

}  // namespace bqcdc::write
