#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/emulator/sql/query_runner.h"

namespace bqcdc::emulator::handlers {

enum class JobState { kPending, kRunning, kDone };
std::string_view JobStateName(JobState state);  // "PENDING", ...

// Where a statement stands in its script.
struct ScriptFrame {
  std::string text;
  int start_line = 0, start_column = 0;
  int end_line = 0, end_column = 0;
};

// What was asked for; never changes.
struct JobSpec {
  std::string project;
  std::string id;
  std::string location;
  // The `configuration` resource as JSON text, with the anonymous destination table in it.
  std::string configuration_json;
  // Where the rows can be read by tabledata.list, as of any query job of the service.
  catalog::TableId destination;
  std::map<std::string, std::string> labels;
  sql::QueryRequest query;  // `cancellation` is set
  int64_t creation_time_ms = 0;
  std::optional<int64_t> timeout_ms;  // of the machine's time, from when it begins to run
  // Of a statement of a script.
  std::string parent_id;
  std::optional<ScriptFrame> frame;
};

// Why a job ends that its user has cancelled.
absl::Status CancelledByUser();
// Why one ends that ran longer than it may.
absl::Status TimedOut(int64_t timeout_ms);

// A query job. Thread-safe: `spec` is constant, the outcome is written once before the state becomes kDone
// and may be read without a lock from then on.
class Job {
 public:
  explicit Job(JobSpec spec);

  const JobSpec spec;
  const uint64_t number;  // rises with each job that is made

  JobState state() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return state_;
  }
  // Returns false, and changes nothing, for a job that was cancelled before its turn.
  bool Start(int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);
  // Rows of more than `result_bytes_max` make it fail with responseTooLarge. A job that was ended meanwhile
  // stays as it is.
  void Finish(absl::StatusOr<sql::QueryOutcome> outcome, int64_t now_ms, int64_t result_bytes_max)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // `is_script`: the outcome is that of the last statement, which it is shared with.
  void Finish(absl::StatusOr<std::shared_ptr<const sql::QueryOutcome>> outcome, bool is_script,
              int64_t now_ms, int64_t result_bytes_max) ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends the job at once with `why`, of code Cancelled. A statement past its point of no return ends as it
  // would have (of a script, what comes after it fails). One that is done stays as it is.
  void Cancel(absl::Status why, int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits up to `timeout` of the machine's time; returns whether the job is done.
  bool AwaitDone(absl::Duration timeout) const ABSL_LOCKS_EXCLUDED(mutex_);

  int64_t start_time_ms() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return start_time_ms_;
  }
  int64_t end_time_ms() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return end_time_ms_;
  }

  // REQUIRES: the job is done.
  const absl::Status& status() const { return status_; }
  // Of a script that of its last statement. REQUIRES: the job is done and its status is OK.
  const sql::QueryOutcome& outcome() const { return *outcome_; }
  // REQUIRES: the job is done and its status is OK.
  bool is_script() const { return is_script_; }
  // Memory that the rows take, roughly. REQUIRES: the job is done.
  int64_t result_bytes() const { return result_bytes_; }

 private:
  mutable absl::Mutex mutex_;
  JobState state_ ABSL_GUARDED_BY(mutex_) = JobState::kPending;
  int64_t start_time_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t end_time_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  // Written once, before kDone.
  absl::Status status_;
  std::shared_ptr<const sql::QueryOutcome> outcome_;
  bool is_script_ = false;
  int64_t result_bytes_ = 0;
};

}  // namespace bqcdc::emulator::handlers
