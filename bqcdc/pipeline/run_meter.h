#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/pipeline/latency_histogram.h"
#include "bqcdc/write/append_error.h"
#include "bqcdc/write/batch_sender.h"
#include "bqcdc/write/connection_pool.h"

namespace bqcdc::pipeline {

// How full batches were, as parts of the limit that they come closest to. Bounds as LatencyHistogram's.
struct FillHistogram {
  static constexpr std::array<double, 6> kBounds = {0.1, 0.25, 0.5, 0.75, 0.9, 1.0};

  std::int64_t count = 0;
  double sum = 0;
  std::array<std::int64_t, kBounds.size()> buckets{};  // each sample in one

  void Add(double fill);
};

// A request that took long. No values of rows.
struct SlowRequest {
  absl::Time answered_at;
  std::int64_t rows = 0, bytes = 0;
  absl::Duration encode;  // of its rows
  absl::Duration fill;  // from its first row until the batch was handed over: encoding, and waiting for input
  absl::Duration wait;  // from there, or from being sent back, until it was written on a connection
  absl::Duration service;  // from there until the answer
  write::AppendAction action = write::AppendAction::kNone;

  absl::Duration total() const { return wait + service; }
};

// The slowest requests, longest first; at most kMax.
class SlowestRequests {
 public:
  static constexpr std::size_t kMax = 5;

  void Add(const SlowRequest& request);
  const std::vector<SlowRequest>& list() const { return list_; }
  void Clear() { list_.clear(); }

 private:
  std::vector<SlowRequest> list_;
};

// What a run has done up to a moment.
struct RunSnapshot {
  absl::Time at, started;
  std::string table;        // empty before the table was looked at
  std::uint64_t epoch = 0;  // 0 = not claimed yet

  // Rows, once BigQuery has acknowledged them.
  std::int64_t upserts = 0, deletes = 0;
  std::int64_t upsert_bytes = 0, delete_bytes = 0;   // on the wire
  std::map<std::string, std::int64_t> dead_letters;  // by reason

  // Requests.
  std::int64_t requests = 0, retries = 0, requests_resent = 0;
  std::map<write::AppendAction, std::int64_t> errors;
  std::map<write::AppendAction, std::int64_t> call_errors;  // those that ended a call, in place of an answer
  LatencyHistogram acknowledge;                  // of stored requests: AnsweredRequest::since_first_sent
  LatencyHistogram encode, fill, wait, service;  // as in SlowRequest
  FillHistogram batch_fill;
  SlowestRequests slowest;         // of the run
  SlowestRequests slowest_lately;  // since TakeInterval()
  std::optional<absl::Time> last_acknowledged;

  // Connections.
  std::vector<double> window_use;  // of each connection, 0 to 1
  int connections = 0, lanes = 0;
  std::int64_t calls_opened = 0;

  // Lag: what was read and is not settled.
  std::uint64_t input_bytes_read = 0, lag_bytes = 0;
  absl::Duration lag;  // age of the oldest row that is not settled; zero = there is none
  absl::Duration rate_limit_waited;

  // Schema.
  std::int64_t schema_refetches = 0, schema_waits = 0;
  absl::Duration schema_waiting;  // the wait that goes on now; zero = none

  // The table's watermark, where somebody asks for it.
  std::optional<absl::Time> watermark;
  std::int64_t watermark_errors = 0;
  absl::Duration oldest_unapplied_delete;  // age; zero = none that is known

  absl::Status failure;

  std::int64_t rows() const { return upserts + deletes; }
  std::int64_t bytes() const { return upsert_bytes + delete_bytes; }
  std::int64_t dead_letter_count() const;
};

// Takes down what a run does, for whoever watches it: end summary, progress, metrics, logs. Told once per
// batch or request, never per row. Thread-safe.
class RunMeter {
 public:
  // `clock` must outlive it.
  explicit RunMeter(const base::Clock& clock);

  // Told by the run.
  void SetTable(const std::string& table, std::uint64_t epoch) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetBatchLimits(std::size_t bytes, std::int64_t rows) ABSL_LOCKS_EXCLUDED(mutex_);
  // A batch has its first row; `input_bytes` of the input stand before it.
  void OnBatchOpened(std::uint64_t batch, std::uint64_t input_bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnBatchSettled(std::uint64_t batch) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnInputRead(std::uint64_t bytes_in_all) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnStored(std::int64_t upserts, std::int64_t upsert_bytes, std::int64_t deletes,
                std::int64_t delete_bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnDeadLetter(std::string_view reason) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnAnswer(const write::AnsweredRequest& answered) ABSL_LOCKS_EXCLUDED(mutex_);
  // Counters that others keep, and the state of the connections.
  void OnSender(const write::BatchSenderStats& stats, const write::ConnectionPool* pool, int lanes)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void OnSchemaRefetch() ABSL_LOCKS_EXCLUDED(mutex_);
  void OnRateLimitWaited(absl::Duration in_all) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnFailure(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Told by whoever asks for the table's watermark.
  void OnWatermark(std::optional<absl::Time> watermark) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnWatermarkError() ABSL_LOCKS_EXCLUDED(mutex_);

  RunSnapshot Snapshot() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The same; its slowest_lately begins anew.
  RunSnapshot TakeInterval() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct OpenBatch {
    absl::Time opened;
    std::uint64_t input_bytes = 0;
  };
  // Deletes that were acknowledged close together.
  struct Deletes {
    absl::Time first, last;
  };

  RunSnapshot SnapshotLocked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void RememberDeletes(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetAppliedDeletes() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const base::Clock& clock_;
  mutable absl::Mutex mutex_;
  RunSnapshot now_ ABSL_GUARDED_BY(mutex_);  // what depends on the time is filled in by SnapshotLocked()
  std::size_t batch_bytes_ ABSL_GUARDED_BY(mutex_) = 1;
  std::int64_t batch_rows_ ABSL_GUARDED_BY(mutex_) = 1;
  // By number, which rises with the time of opening.
  std::map<std::uint64_t, OpenBatch> open_ ABSL_GUARDED_BY(mutex_);
  absl::Time schema_waiting_since_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  std::deque<Deletes> unapplied_ ABSL_GUARDED_BY(mutex_);
};

// Whether a run works, as a load balancer or a person wants to know it. Ok, or what is wrong: it has failed,
// or rows wait and none was acknowledged for longer than `silence_max`.
absl::Status HealthOf(const RunSnapshot& run, absl::Duration silence_max);

}  // namespace bqcdc::pipeline
