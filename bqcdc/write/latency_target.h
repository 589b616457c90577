#pragma once

#include <atomic>
#include <cstddef>

#include "absl/time/time.h"

namespace bqcdc::write {

struct LatencyTargetOptions {
  absl::Duration target = absl::Seconds(1);  // from a batch's first row until its answer
  std::size_t batch_bytes_min = 16 * 1024;
  std::size_t batch_bytes_max = 1024 * 1024;
  int requests_in_flight_max = 16;  // of a connection
};

// Sizes batches and the window by what was measured, so that rows are acknowledged within a target: smaller
// batches while it is missed, and where the smallest ones miss it, too, fewer requests under way; in the
// other order back again while there is room. With both the bytes shrink that wait in front of a service that
// is the limit. Fewer bytes at a time cost throughput; that is the bargain. OnAnswer() is called by one
// thread, the others by any.
class LatencyTarget {
 public:
  explicit LatencyTarget(const LatencyTargetOptions& options)
      : options_(options),
        batch_bytes_(options.batch_bytes_max),
        requests_in_flight_(options.requests_in_flight_max) {}

  // How long a batch took that was stored at its first attempt.
  void OnAnswer(absl::Duration latency);

  std::size_t batch_bytes() const { return batch_bytes_.load(std::memory_order_relaxed); }
  // Requests under way on each connection.
  int requests_in_flight() const { return requests_in_flight_.load(std::memory_order_relaxed); }
  // A row waits at most this long for others.
  absl::Duration flush_interval_max() const { return options_.target / 4; }

 private:
  // Answers that are looked at together: the slowest counts.
  static constexpr int kAnswers = 8;

  const LatencyTargetOptions options_;
  std::atomic<std::size_t> batch_bytes_;
  std::atomic<int> requests_in_flight_;
  int answers_ = 0;
  absl::Duration slowest_;
};

}  // namespace bqcdc::write
