#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/checkpoint/dead_letter_file.h"
#include "bqcdc/pipeline/change_batch.h"
#include "bqcdc/pipeline/stream_summary.h"
#include "bqcdc/write/append_connection.h"
#include "bqcdc/write/append_error.h"

namespace bqcdc::pipeline {

struct BatchSenderOptions {
  // More rows set aside than this end the run; negative = no limit.
  std::int64_t bad_rows_max = -1;
  // How long a request whose error may pass is sent again: quotas refill within minutes.
  absl::Duration retry_time_max = absl::Minutes(5);
  // The same while the service does not know the table or its schema yet, although REST does.
  absl::Duration propagation_time_max = absl::Minutes(10);
  absl::Duration pause_first = absl::Milliseconds(200);
  absl::Duration pause_max = absl::Seconds(10);
};

// Sends batches and settles their rows: stored, or set aside in the dead letter file. A refused request's
// good rows go again, in their order and before anything newer, until all are settled. Rows with equal key
// and sequence number are never under way together.
//
// Push() and the connection's handlers may be called from any thread; everything else happens in Run().
class BatchSender {
 public:
  // `check_table` makes sure that the table exists and is still ours; `source_name` gives a file's name.
  struct Surroundings {
    std::function<absl::Status()> check_table;
    std::function<std::string(std::size_t)> source_name;
    // Called now and then from Run() with the state of affairs, for progress.
    std::function<void(const StreamSummary&)> on_progress;
  };

  BatchSender(BatchSenderOptions options, Surroundings surroundings, checkpoint::DeadLetterFile& dead_letter,
              const base::Clock& clock);
  ~BatchSender();

  // To be given to the connection.
  void OnResult(std::int64_t request, write::AppendResult result) ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends the run; the first error stays. For the connection and for whoever finds that the run must not go
  // on.
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  // Queues a batch. False when the run has failed.
  bool Push(std::shared_ptr<ChangeBatch> batch) ABSL_LOCKS_EXCLUDED(mutex_);
  // No batch will follow.
  void EndInput() ABSL_LOCKS_EXCLUDED(mutex_);

  // Works until everything is settled after EndInput(), or the run fails.
  absl::Status Run(write::AppendConnection& connection);

  const StreamSummary& summary() const { return summary_; }

 private:
  // Rows of a batch that travel as one request.
  struct Parcel {
    std::shared_ptr<ChangeBatch> batch;
    std::vector<std::size_t> indexes;  // of rows in the batch, rising; empty = all
    bool whole = true;
    int attempts = 0;
    absl::Time first_refusal = absl::InfinitePast();
    absl::Time not_before = absl::InfinitePast();

    std::size_t row_count() const { return whole ? batch->rows.row_count() : indexes.size(); }
    std::size_t row_index(std::size_t i) const { return whole ? i : indexes[i]; }
  };
  struct Answer {
    std::int64_t request = 0;
    write::AppendResult result;
  };

  // Moves what has come in; waits for something to do, at most until `deadline`.
  absl::Status TakeInbox(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);
  void CountLateAnswers(write::AppendConnection& connection) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status StartBatch(std::shared_ptr<ChangeBatch> batch);
  absl::Status SendWhatFits(write::AppendConnection& connection);
  absl::Status Send(Parcel parcel, write::AppendConnection& connection);
  absl::Status Settle(const Answer& answer, write::AppendConnection& connection);
  void SettleStored(const Parcel& parcel);
  absl::Status SetRowsAside(Parcel parcel, const write::AppendResult& result);
  absl::Status Halve(Parcel parcel, const write::AppendResult& result);
  absl::Status SendAgain(Parcel parcel, const write::AppendResult& result,
                         const write::AppendVerdict& verdict, write::AppendConnection& connection);
  absl::Status WriteDeadLetters(const std::vector<checkpoint::DeadLetterRecord>& records);
  bool TiesWithUnsettled(const ChangeBatch& batch) const;
  void RememberUnsettled(const ChangeBatch& batch);
  void ForgetUnsettled(const Parcel& parcel, std::size_t row);
  absl::Time NextDeadline() const;
  std::int64_t UnsettledRows() const;

  const BatchSenderOptions options_;
  const Surroundings surroundings_;
  checkpoint::DeadLetterFile& dead_letter_;
  const base::Clock& clock_;

  // Of Run() alone.
  std::map<std::int64_t, Parcel> in_flight_;
  std::deque<Parcel> again_;                          // before anything newer
  std::deque<std::shared_ptr<ChangeBatch>> waiting_;  // bad rows are on disk already
  absl::flat_hash_set<std::uint64_t> unsettled_;      // key and sequence, where ties can occur
  std::int64_t refusals_in_a_row_ = 0;                // of single rows, nothing stored in between
  StreamSummary summary_;

  absl::Mutex mutex_;
  std::deque<std::shared_ptr<ChangeBatch>> inbox_batches_ ABSL_GUARDED_BY(mutex_);
  std::deque<Answer> inbox_answers_ ABSL_GUARDED_BY(mutex_);
  bool input_ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::deque<Answer> answers_;
  bool no_more_batches_ = false;
};

}  // namespace bqcdc::pipeline
