#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/write/append_error.h"
#include "bqcdc/write/connection_pool.h"
#include "bqcdc/write/lane_scaler.h"
#include "bqcdc/write/latency_target.h"
#include "bqcdc/write/narrowed_destination.h"
#include "bqcdc/write/patience.h"
#include "bqcdc/write/row_batch.h"
#include "bqcdc/write/settlement_handler.h"

namespace bqcdc::write {

struct BatchSenderOptions {
  // With a request whose error may pass. Pauses double from the first to the longest, each shortened at
  // random by up to half.
  Patience patience;
  absl::Duration pause_first = absl::Milliseconds(200);
  absl::Duration pause_max = absl::Seconds(10);
  // A lane without rows for this long gives up its connection.
  absl::Duration lane_idle_max = absl::Seconds(10);
  LaneScalerOptions scaling;
};

// A request that was answered, well or badly, for whoever watches.
struct AnsweredRequest {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;  // of the rows on the wire
  bool first = true;       // the whole batch, sent for the first time
  absl::Duration filled;   // from the batch's first row until it was handed on
  absl::Duration encoded;  // of that: RowBatch::encoding
  absl::Duration waited;   // from there, or from being sent back, until it was written on its call
  AppendTiming timing;
  AppendAction action = AppendAction::kNone;  // what is done about it
  // From the first time that its rows were sent, with all refusals and pauses since. Where they are stored
  // now, it is how long they took to be acknowledged.
  absl::Duration since_first_sent;
};

// What the sender asks of its surroundings. Called on the thread that runs it.
struct BatchSenderSurroundings {
  // Makes sure that a table exists and is still ours. Unavailable = cannot be said now; other errors end the
  // run.
  std::function<absl::Status(int table)> check_table;
  // The service says that the table's schema is another than the one that rows were encoded with.
  std::function<void(int table)> on_schema_changed;
  // The table's schema as it is now, asked when the service refuses that of rows; may be some seconds old,
  // but not older than the schema of any batch. The same pointer = the same schema. Null = it cannot be said
  // now.
  std::function<std::shared_ptr<const schema::TableSchema>(int table)> current_schema;
  // Now and then.
  std::function<void()> on_progress;
  // Each answer, before its rows are settled.
  std::function<void(const AnsweredRequest&)> on_answer;
  // Told how long batches take, and asked how many may be under way on a connection; null = as many as its
  // window holds. Must outlive the sender.
  LatencyTarget* latency_target = nullptr;
};

// Counters of a sender's life. Rows are counted by the settlement handler.
struct BatchSenderStats {
  std::int64_t requests = 0;  // that were to be answered; repeats after a lost connection are not counted
  std::int64_t retries = 0;   // requests that went again because of an error that passes
  std::int64_t refusals = 0;  // requests that were refused for their rows
  std::map<AppendAction, std::int64_t> errors;  // answers other than ok, by what was done about them
};

// Sends batches and settles their rows: stored, or refused and set aside. A refused request's good rows go
// again, in their order and before anything newer of their lane, until all are settled. Rows with equal key
// and sequence number are never under way together.
//
// Push(), lanes_wanted() and the pool's handlers may be called from any thread; everything else happens in
// Run().
class BatchSender {
 public:
  // All must outlive the sender.
  BatchSender(BatchSenderOptions options, BatchSenderSurroundings surroundings, SettlementHandler& settlement,
              const base::Clock& clock);
  ~BatchSender();

  // To be given to the pool.
  void OnResult(int connection, std::int64_t request, AppendResult result) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnSchemaRefused(int connection) ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends the run; the first error stays. For the pool and for whoever finds that the run must not go on.
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Ok until then.
  absl::Status failure() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Queues a batch. False when the run has failed. Batches of a table come with generations that do not fall.
  bool Push(std::shared_ptr<RowBatch> batch) ABSL_LOCKS_EXCLUDED(mutex_);
  // No batch will follow.
  void EndInput() ABSL_LOCKS_EXCLUDED(mutex_);
  // How many lanes the table's rows are to be spread over from now on.
  int lanes_wanted(int table) const ABSL_LOCKS_EXCLUDED(mutex_);

  // A pool whose answers and failures come to this sender, which must outlive it. `still_ours` is asked
  // before each call is opened (FailedPrecondition ends the pool, any other error lets it try later); `warn`,
  // which may be empty, is told of each that was opened again.
  std::unique_ptr<ConnectionPool> MakePool(ConnectionPoolOptions options, ChannelFactory channels,
                                           std::function<absl::Status()> still_ours,
                                           std::function<void(const std::string& text)> warn);

  // Works until everything is settled after EndInput(), or the run fails: then it lets go of every batch, and
  // returns failure().
  absl::Status Run(ConnectionPool& pool);

  // After Run(), or within calls from it.
  const BatchSenderStats& stats() const { return stats_; }
  // Rows whose fate is unknown: sent, or about to be, when the run failed.
  std::int64_t unsettled_rows() const { return unsettled_rows_; }

 private:
  using BatchPtr = std::shared_ptr<RowBatch>;
  // Rows of a batch that travel as one request.
  struct Parcel {
    BatchPtr batch;
    RowSelection rows;
    int pauses = 0;              // that grow, before it was sent again
    int refusals = 0;            // that Patience counts
    absl::Duration refused_for;  // waiting for refusals and after them; zero = never refused as it is
    absl::Time not_before = absl::InfinitePast();
    absl::Time queued = absl::InfinitePast();             // in its lane, for this attempt
    absl::Time handed_over;                               // to its connection
    absl::Time first_handed_over = absl::InfinitePast();  // the same of its rows' first attempt

    std::size_t row_count() const { return rows.count(*batch); }
  };
  struct Lane {
    int connection = -1;  // of the pool; negative = none
    int requests_in_flight = 0;
    std::deque<Parcel> again;  // before anything newer
    std::deque<BatchPtr> waiting;
    absl::Time used;

    bool empty() const { return requests_in_flight == 0 && again.empty() && waiting.empty(); }
  };
  // What has become of a destination's columns.
  struct Narrowing {
    std::shared_ptr<const schema::TableSchema> seen;      // the schema that was looked at
    std::shared_ptr<const NarrowedDestination> narrowed;  // null = each column is there
  };
  struct Table {
    std::uint64_t generation = 0;
    std::int64_t batches_unsettled = 0;  // of the generation
    std::deque<BatchPtr> held;           // of later ones
    std::map<int, Lane> lanes;
    LaneScaler scaler;
    std::int64_t bytes_acknowledged = 0;
    std::int64_t refusals_in_a_row = 0;  // of single rows, nothing stored in between
    // Of destinations whose schema the service has refused.
    std::map<std::shared_ptr<const Destination>, Narrowing> narrowings;
    bool waits_for_room = false;

    explicit Table(LaneScaler scaler) : scaler(std::move(scaler)) {}
  };
  struct Answer {
    int connection = 0;
    std::int64_t request = 0;
    AppendResult result;
  };

  // Moves what has come in; waits for something to do, at most until `deadline`.
  absl::Status TakeInbox(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);
  void CountLateAnswers() ABSL_LOCKS_EXCLUDED(mutex_);
  Table& TableOf(const RowBatch& batch);
  Lane& LaneOf(const RowBatch& batch) { return TableOf(batch).lanes[batch.lane]; }
  absl::Status StartBatch(BatchPtr batch);
  void EnterLane(Table& table, BatchPtr batch);
  void ReleaseHeld(Table& table);
  absl::Status SendWhatFits();
  absl::Status SendLane(Table& table, Lane& lane);
  absl::Status BindLane(const Table& table, Lane& lane);
  absl::Status Send(const Table& table, Lane& lane, Parcel parcel);
  absl::Status Settle(const Answer& answer);
  void TellAnswer(const Parcel& parcel, const AppendResult& result, AppendAction action) const;
  void SettleStored(const Parcel& parcel);
  void CountSettled(const BatchPtr& batch, std::size_t rows);
  // Sets rows aside that are named by their place in the parcel, rising; what remains, perhaps nothing, stays
  // in it. On an error all of it does.
  absl::Status SetAside(Parcel& parcel, std::vector<RefusedRow> refused);
  absl::Status SetRowsAside(Parcel parcel, const AppendResult& result);
  void LookForLostColumns(const RowBatch& batch);
  absl::Status SetAsideWithLostColumns(const NarrowedDestination& narrowed, Parcel& parcel);
  absl::Status Halve(Parcel parcel, const AppendResult& result);
  // What limit of patience the refusal that is being looked at has reached.
  PatienceLimit LimitReached(Parcel& parcel, const AppendResult& result, AppendAction action) const;
  absl::Status SendAgain(Parcel parcel, const AppendResult& result, const AppendVerdict& verdict,
                         int connection);
  // For what is under way on the connection, which keeps it: given back, its rows could come after later
  // ones.
  void RefetchSchemas(int connection);
  void RefetchSchema(const RowBatch& batch);
  void ScaleLanes() ABSL_LOCKS_EXCLUDED(mutex_);
  bool TiesWithUnsettled(const RowBatch& batch) const;
  void RememberUnsettled(const RowBatch& batch);
  void ForgetUnsettled(const Parcel& parcel, std::size_t row);
  absl::Time NextDeadline() const;
  std::int64_t CountUnsettledRows() const;
  void LetGo() ABSL_LOCKS_EXCLUDED(mutex_);

  const BatchSenderOptions options_;
  const BatchSenderSurroundings surroundings_;
  SettlementHandler& settlement_;
  const base::Clock& clock_;

  // Of Run() alone.
  ConnectionPool* pool_ = nullptr;
  std::map<std::pair<int, std::int64_t>, Parcel> in_flight_;  // by connection and request
  std::map<int, std::unique_ptr<Table>> tables_;
  std::int64_t batches_open_ = 0;                    // started and not settled
  absl::flat_hash_set<std::uint64_t> unsettled_;     // key and sequence, where ties can occur
  std::minstd_rand random_{std::random_device{}()};  // pauses only
  std::deque<Answer> answers_;
  std::set<int> schema_refused_;                 // connections whose call has ended for it
  absl::Time looked_at_ = absl::InfinitePast();  // when lanes were last looked through
  bool no_more_batches_ = false;
  BatchSenderStats stats_;
  std::int64_t unsettled_rows_ = 0;

  mutable absl::Mutex mutex_;
  std::deque<BatchPtr> inbox_batches_ ABSL_GUARDED_BY(mutex_);
  std::deque<Answer> inbox_answers_ ABSL_GUARDED_BY(mutex_);
  std::set<int> inbox_schema_refused_ ABSL_GUARDED_BY(mutex_);
  std::map<int, int> lanes_wanted_ ABSL_GUARDED_BY(mutex_);
  bool input_ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::write
