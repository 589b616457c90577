#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace bqcdc::pipeline {

// A place between two lines of the input: what stands before it, and how to come back to it.
struct InputPosition {
  std::uint64_t line = 0;         // lines before it, over all sources, blank ones counted
  std::size_t source = 0;         // index of the file
  std::uint64_t offset = 0;       // bytes of that file before it
  std::uint64_t prefix_hash = 0;  // of a pipe, where LineReaderOptions::checkpointed is set: over these bytes

  friend bool operator==(const InputPosition&, const InputPosition&) = default;
};

// The end of the contiguous settled prefix: every line before it is settled, whatever order the batches are
// settled in. What is after it is read again after a crash. Thread-safe.
class Progress {
 public:
  explicit Progress(InputPosition start = {}) : reached_(start) {}

  // A batch begins whose first line follows `before`. Returns what Settle() wants. Batches of several lanes
  // are open at the same time, and their lines interleave.
  std::uint64_t Open(const InputPosition& before) ABSL_LOCKS_EXCLUDED(mutex_);
  // Every line of the batch is settled.
  void Settle(std::uint64_t batch) ABSL_LOCKS_EXCLUDED(mutex_);
  // Every line before `position` is in a batch that was opened, or needs no settling (a blank one). Does not
  // fall.
  void Reach(const InputPosition& position) ABSL_LOCKS_EXCLUDED(mutex_);

  InputPosition settled() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until so many lines are settled, at most for `timeout`. Returns whether they are.
  bool AwaitSettled(std::uint64_t lines, absl::Duration timeout) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  InputPosition SettledLocked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::uint64_t next_batch_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, std::uint64_t> line_of_ ABSL_GUARDED_BY(mutex_);  // by batch
  std::map<std::pair<std::uint64_t, std::uint64_t>, InputPosition> open_
      ABSL_GUARDED_BY(mutex_);  // by line, batch
  InputPosition reached_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::pipeline
