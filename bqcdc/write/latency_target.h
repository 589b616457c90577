#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "absl/time/time.h"

namespace bqcdc::write {

struct LatencyTargetOptions {
  absl::Duration target = absl::Seconds(1);  // from a batch's first row until its answer
  std::size_t batch_bytes_min = 16 * 1024;
  std::size_t batch_bytes_max = 1024 * 1024;
  int requests_in_flight_max = 16;  // of a connection

  // For batches and a window of these limits.
  static LatencyTargetOptions For(absl::Duration target, std::size_t batch_bytes_max,
                                  int requests_in_flight_max) {
    LatencyTargetOptions options;
    options.target = target;
    options.batch_bytes_max = batch_bytes_max;
    options.batch_bytes_min = std::min(options.batch_bytes_min, batch_bytes_max);
    options.requests_in_flight_max = requests_in_flight_max;
    return options;
  }
};

// How long a batch took that was stored at its first attempt.
struct BatchLatency {
  absl::Duration before;    // from its first row until it was written on its call
  absl::Duration answered;  // from there until its answer
};

// Sizes batches and the window by what was measured, so that rows are acknowledged within a target: smaller
// batches while it is missed, and where the smallest ones miss it, too, fewer requests under way; in the
// other order back again while there is room. With both the bytes shrink that wait in front of a service that
// is the limit. Fewer bytes at a time cost throughput; that is the bargain.
//
// Where the way is what takes the time, and not requests that queue in the service, fewer of them are not
// answered sooner, and rows only wait longer here. So a smaller window is a trial: it is measured, and taken
// back where answers do not come sooner. OnAnswer() is called by one thread, the others by any.
class LatencyTarget {
 public:
  explicit LatencyTarget(const LatencyTargetOptions& options)
      : options_(options),
        batch_bytes_(options.batch_bytes_max),
        requests_in_flight_(options.requests_in_flight_max) {}

  void OnAnswer(const BatchLatency& latency);

  std::size_t batch_bytes() const { return batch_bytes_.load(std::memory_order_relaxed); }
  // Requests under way on each connection.
  int requests_in_flight() const { return requests_in_flight_.load(std::memory_order_relaxed); }
  // A row waits at most this long for others.
  absl::Duration flush_interval_max() const { return options_.target / 4; }

 private:
  // Answers that are looked at together: the slowest counts against the target.
  static constexpr int kAnswers = 8;

  void TryFewerRequests(absl::Duration answered);
  void EndTrial(absl::Duration answered);

  const LatencyTargetOptions options_;
  std::atomic<std::size_t> batch_bytes_;
  std::atomic<int> requests_in_flight_;
  int skip_ = 0;  // answers of requests that were sent under the window before
  int answers_ = 0;
  absl::Duration slowest_;
  absl::Duration answered_;  // sum of them
  bool in_trial_ = false;
  int requests_before_ = 0;  // of the trial
  absl::Duration answered_before_;
  int looks_until_trial_ = 0, trial_pause_ = 0;  // in looks at kAnswers
};

}  // namespace bqcdc::write
