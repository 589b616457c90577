#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace bqcdc::write {

struct LaneScalerOptions {
  int lanes_max = 8;
  // How long rows must have waited for room without a break, and how long a trial lasts.
  absl::Duration period = absl::Seconds(1);
  // What a larger number must bring in acknowledged bytes per second, else it is taken back.
  double gain_min = 1.10;
  // After a trial without gain the next one comes after this long, doubled each time up to the maximum.
  absl::Duration trial_pause_first = absl::Seconds(30);
  absl::Duration trial_pause_max = absl::Minutes(10);
  // With rows never waiting for room for this long, half of the lanes are given up.
  absl::Duration shrink_after = absl::Minutes(1);
};

// Decides how many lanes, and so how many connections, a table uses. More of them help where the window of
// one connection is what limits (a distant service), and only cost where the service or this machine is: so
// growth is tried, measured and taken back where it brings nothing. Not thread-safe.
//
// So growth follows the load: rows wait for room only while the window of bytes in flight is full, and then
// the rate is window / acknowledge latency. A trial that is judged by its rate is thereby judged by latency:
// larger windows at the latency of before bring more and are kept; where they only make each answer come
// later, the rate stays and they are taken back.
class LaneScaler {
 public:
  LaneScaler(LaneScalerOptions options, absl::Time now);

  // What was seen since the last call: whether rows wait for room right now, and bytes acknowledged in all,
  // ever. Returns the number of lanes to use from now on.
  int Update(absl::Time now, bool waiting_for_room, std::int64_t acknowledged_bytes);

  int lanes() const { return lanes_; }

 private:
  double RateSince(absl::Time now, std::int64_t bytes) const;
  void StartPeriod(absl::Time now, std::int64_t bytes);

  const LaneScalerOptions options_;
  int lanes_ = 1;
  absl::Time period_start_;
  std::int64_t period_bytes_ = 0;  // acknowledged at its start
  bool waited_all_along_ = true;   // in the present period
  absl::Time last_wait_;
  bool in_trial_ = false;
  bool trial_settled_ = false;  // the first period of a trial pays for the change
  int lanes_before_ = 1;
  double rate_before_ = 0;  // bytes per second
  absl::Time next_trial_ = absl::InfinitePast();
  absl::Duration trial_pause_;
};

}  // namespace bqcdc::write
