#include "bqcdc/write/latency_target.h"

#include <algorithm>

namespace bqcdc::write {
namespace {

constexpr double kShrink = 0.7, kGrow = 1.15;
// Room that is needed before batches grow, as a part of the target.
constexpr double kRoom = 0.7;

// Of what answers come sooner by if all their time is spent queueing, the part that makes a smaller window
// worth it.
constexpr double kGain = 0.5;
// After a trial without gain the next one comes after so many looks, doubled each time up to the maximum.
constexpr int kTrialPauseFirst = 8, kTrialPauseMax = 128;

std::size_t Scaled(std::size_t bytes, double factor) {
  return static_cast<std::size_t>(static_cast<double>(bytes) * factor);
}

}  // namespace

void LatencyTarget::OnAnswer(const BatchLatency& latency) {
  if (skip_ > 0) {
    --skip_;
    return;
  }
  slowest_ = std::max(slowest_, latency.before + latency.answered);
  answered_ += latency.answered;
  if (++answers_ < kAnswers) return;
  const absl::Duration slowest = slowest_, answered = answered_ / kAnswers;
  answers_ = 0;
  slowest_ = answered_ = absl::ZeroDuration();
  if (looks_until_trial_ > 0) --looks_until_trial_;
  if (in_trial_) EndTrial(answered);
  const std::size_t bytes = batch_bytes();
  const int requests = requests_in_flight();
  if (slowest > options_.target) {
    if (bytes > options_.batch_bytes_min) {
      batch_bytes_ = std::max(Scaled(bytes, kShrink), options_.batch_bytes_min);
    } else {
      TryFewerRequests(answered);
    }
  } else if (slowest < kRoom * options_.target) {
    if (requests < options_.requests_in_flight_max) {
      requests_in_flight_ = requests + 1;
    } else {
      batch_bytes_ = std::min(Scaled(bytes, kGrow), options_.batch_bytes_max);
    }
  }
}

void LatencyTarget::TryFewerRequests(absl::Duration answered) {
  const int requests = requests_in_flight();
  if (requests == 1 || looks_until_trial_ > 0) return;
  in_trial_ = true;
  requests_before_ = requests;
  answered_before_ = answered;
  skip_ = requests;
  requests_in_flight_ = std::max(static_cast<int>(requests * kShrink), 1);
}

void LatencyTarget::EndTrial(absl::Duration answered) {
  in_trial_ = false;
  const double fewer = 1.0 - static_cast<double>(requests_in_flight()) / requests_before_;
  if (answered <= answered_before_ * (1.0 - kGain * fewer)) {
    trial_pause_ = 0;
    return;
  }
  requests_in_flight_ = requests_before_;
  trial_pause_ = std::clamp(2 * trial_pause_, kTrialPauseFirst, kTrialPauseMax);
  looks_until_trial_ = trial_pause_;
}

}  // namespace bqcdc::write
