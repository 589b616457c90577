#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/checkpoint/checkpoint_file.h"
#include "bqcdc/pipeline/input_sources.h"
#include "bqcdc/pipeline/progress.h"

namespace bqcdc::pipeline {

struct CheckpointerOptions {
  absl::Duration interval = absl::Seconds(1);
  // After a crash at most so many lines are sent again, and those of one batch for each lane: reading waits
  // for a checkpoint before there are more.
  std::uint64_t lines_ahead_max = 1'000'000;
};

// Rows of a run, for the counters of its checkpoint.
struct SettledCounts {
  std::int64_t upserts = 0, deletes = 0, set_aside = 0;
};

// Writes the checkpoint of a run: at intervals, whenever reading has come too far ahead of it, and at the
// end. Thread-safe, except that Start() and Finish() are called once, in this order.
class Checkpointer {
 public:
  // `first` holds all but the position; `counts` may be called by any thread. All must outlive it.
  Checkpointer(CheckpointerOptions options, checkpoint::CheckpointFile& file, checkpoint::Checkpoint first,
               const Progress& progress, InputSources& sources, std::function<SettledCounts()> counts,
               const base::Clock& clock);
  ~Checkpointer();

  // Writes now. For what must be on disk before the first row is sent.
  absl::Status Begin() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status DecideSequence(const char* sequence, std::uint64_t line) ABSL_LOCKS_EXCLUDED(mutex_);

  // From here on at intervals, on a thread of its own; `on_error` is told once, then it has stopped.
  void Start(std::function<void(const absl::Status&)> on_error);
  // Ends the thread and writes what is settled now.
  absl::Status Finish(bool ended, bool drained) ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether a line may be read although what is settled and on disk ends before it by so much.
  bool InReach(std::uint64_t line) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until it is. False when the run has ended.
  bool AwaitReach(std::uint64_t line) ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends all waiting.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run(const std::function<void(const absl::Status&)>& on_error);
  absl::Status WriteNow() ABSL_LOCKS_EXCLUDED(mutex_) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status DescribePosition(const InputPosition& position) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  bool Wanted() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return closed_ || wanted_line_.has_value(); }

  const CheckpointerOptions options_;
  checkpoint::CheckpointFile& file_;
  const Progress& progress_;
  InputSources& sources_;
  const std::function<SettledCounts()> counts_;
  const base::Clock& clock_;
  const SettledCounts counts_before_;  // of earlier runs
  std::thread thread_;

  absl::Mutex write_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  checkpoint::Checkpoint state_ ABSL_GUARDED_BY(write_mutex_);
  std::optional<InputPosition> written_ ABSL_GUARDED_BY(write_mutex_);

  mutable absl::Mutex mutex_;
  std::uint64_t durable_line_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::uint64_t> wanted_line_ ABSL_GUARDED_BY(mutex_);  // somebody waits for it
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace bqcdc::pipeline
