#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/encode/row_fields.h"
#include "bqcdc/pipeline/current_binding.h"
#include "bqcdc/pipeline/latency_histogram.h"
#include "bqcdc/pipeline/progress.h"
#include "bqcdc/pipeline/table_claim.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/write/batch_pool.h"
#include "bqcdc/write/batch_sender.h"
#include "bqcdc/write/connection_pool.h"
#include "bqcdc/write/lane_batcher.h"
#include "bqcdc/writer/writer.h"
#include "bqcdc/writer/writer_batch.h"
#include "bqcdc/writer/writer_opener.h"

namespace bqcdc {

// Threads of a writer: one sends and settles, one hands on batches that have waited long enough, one makes
// sure that the tables are still ours. Rows are encoded on the caller's.
class Writer::Impl final : public write::SettlementHandler {
 public:
  static absl::StatusOr<std::unique_ptr<Writer>> Open(WriterParts parts, WriterOptions options);
  ~Impl() override;

  absl::StatusOr<TableWriter*> OpenTable(std::string_view table, TableOptions options)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Flush(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Close(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);
  void Cancel();
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mutex_);
  WriterStats stats() const ABSL_LOCKS_EXCLUDED(mutex_);

  // For the tables.
  const WriterOptions& options() const { return options_; }
  const WriterParts& parts() const { return parts_; }
  write::BatchPool& pool() { return *pool_; }
  write::BatchSender& sender() { return *sender_; }
  const write::LatencyTarget* latency_target() const {
    return latency_target_.has_value() ? &*latency_target_ : nullptr;
  }
  // A table has a batch that is to go at a time of its own.
  void WakeFlusher() ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Status OnStart(write::RowBatch& batch) override;
  void OnStored(write::RowBatch& batch, const write::RowSelection& rows) override;
  absl::Status OnRefused(write::RowBatch& batch, std::span<const write::RefusedRow> rows) override;
  void OnSettled(const std::shared_ptr<write::RowBatch>& batch) override;

 private:
  Impl(WriterParts parts, WriterOptions options);
  void MakeSender();
  void MakeConnections();
  void Start();
  void Send() ABSL_LOCKS_EXCLUDED(mutex_);
  void FlushInTime() ABSL_LOCKS_EXCLUDED(mutex_);
  void WatchClaims() ABSL_LOCKS_EXCLUDED(mutex_);
  void Join();
  TableWriter::Impl* TableAt(int index) const ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<TableWriter::Impl*> Tables() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Of every table. Errors: FailedPrecondition where one is not ours any more.
  absl::Status VerifyClaims() const;

  const WriterOptions options_;
  const WriterParts parts_;
  const base::Clock& clock_;
  std::shared_ptr<write::BatchPool> pool_;
  std::optional<write::LatencyTarget> latency_target_;  // of all tables
  std::unique_ptr<write::BatchSender> sender_;
  std::unique_ptr<write::ConnectionPool> connections_;
  std::thread sending_, flushing_, watching_;

  mutable absl::Mutex mutex_;
  std::vector<std::unique_ptr<TableWriter>> tables_ ABSL_GUARDED_BY(mutex_);
  bool flusher_woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;  // and whoever waits for a row's answer has got it
  WriterStats stats_ ABSL_GUARDED_BY(mutex_);
  pipeline::LatencyHistogram acknowledge_ ABSL_GUARDED_BY(mutex_);
};

// One table. Whoever appends has the turn: one caller at a time, and the others wait with a deadline of their
// own.
class TableWriter::Impl {
 public:
  static absl::StatusOr<std::unique_ptr<TableWriter>> Open(Writer::Impl& writer, int index,
                                                           rest::TableName name, const TableOptions& options);

  const std::string& name() const { return name_text_; }
  std::uint64_t epoch() const { return claim_.epoch(); }
  absl::StatusOr<ColumnHandle> Column(std::string_view name) ABSL_LOCKS_EXCLUDED(columns_mutex_);
  absl::Status EvolveSchema(std::string_view columns) ABSL_LOCKS_EXCLUDED(mutex_, columns_mutex_);

  // How one Append differs from another.
  struct Call {
    absl::Time deadline = absl::InfiniteFuture();
    bool wait = true;
    std::promise<absl::Status>* answer = nullptr;
  };
  absl::Status Append(ChangeType change_type, const SequenceNumber& sequence,
                      absl::FunctionRef<void(Row&)> fill, const Call& call);
  absl::Status AppendJson(std::string_view object, const SequenceNumber& sequence, const Call& call);
  std::future<void> WhenRoom() { return writer_.pool().WhenRoom(); }
  std::uint64_t appended() const { return appended_.load(std::memory_order_acquire); }
  std::uint64_t settled() const { return progress_.settled().line; }

  // For the writer.
  void SettleBatch(const WriterBatch& batch) { progress_.Settle(batch.progress); }
  pipeline::CurrentBinding& current() { return current_; }
  absl::Status VerifyClaim() const { return claim_.Verify(); }
  // Hands on what has waited long enough. Returns when the next rows have; infinite where nothing waits, and
  // while another has the turn, who wakes the flusher when it is given back.
  absl::Time FlushDue() ABSL_LOCKS_EXCLUDED(mutex_);
  // Hands on everything; where the writer has ended, lets go of it. Returns how many appends that makes.
  absl::StatusOr<std::uint64_t> Flush(absl::Time deadline);

  // For Row.
  encode::RowFields& fields() { return *fields_; }
  std::size_t ColumnIndex(ColumnHandle column) const {
    const auto handle = static_cast<std::size_t>(column.index);
    return handle < column_indexes_.size() ? column_indexes_[handle] : kNoColumn;
  }

 private:
  static constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);

  Impl(Writer::Impl& writer, int index, rest::TableName name, TableOptions options,
       pipeline::TableBinding binding, pipeline::TableClaim claim, const write::BatchLimits& limits);
  write::BatcherEvents MakeBatcherEvents();

  std::optional<ColumnHandle> FindColumn(std::string_view name) ABSL_LOCKS_EXCLUDED(columns_mutex_);
  absl::Status NoRoom() const;
  encode::EncodeError Encode(ChangeType change_type, const SequenceNumber& sequence,
                             absl::FunctionRef<void(Row&)> fill);
  // Whether the table has been changed since it was read, so that the row is to be encoded once more.
  absl::StatusOr<bool> LookAgain(const encode::EncodeFailure& failure, const Call& call);

  // Errors: DeadlineExceeded; what `call` is told where the writer takes no rows any more.
  absl::Status TakeTurn(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status TakeTurnToAppend(const Call& call) ABSL_LOCKS_EXCLUDED(mutex_);
  bool TryTakeTurn() ABSL_LOCKS_EXCLUDED(mutex_);
  void GiveTurn() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status CheckSequence(const SequenceNumber& sequence) const;
  // Before and after a row is encoded; between them batcher_.current() is where it goes.
  absl::Status Begin(const SequenceNumber& sequence, const Call& call);
  absl::Status Finish(const Call& call);
  absl::Status EndOf(absl::Status status, const Call& call) const;
  absl::Status Follow();
  absl::StatusOr<pipeline::TableBinding> ReadBinding() const;
  absl::Status Bind(std::shared_ptr<const pipeline::TableBinding> binding)
      ABSL_LOCKS_EXCLUDED(columns_mutex_);
  absl::Status FollowTable();
  // Infinite where nothing waits.
  absl::Time next_deadline() const {
    const std::int64_t ns = deadline_ns_.load(std::memory_order_relaxed);
    return ns == std::numeric_limits<std::int64_t>::max() ? absl::InfiniteFuture() : absl::FromUnixNanos(ns);
  }
  void NoteDeadline();
  absl::Status Explain(const encode::EncodeFailure& failure) const;

  Writer::Impl& writer_;
  const base::Clock& clock_;
  const int index_;
  const rest::TableName name_;
  const std::string name_text_;
  const TableOptions options_;
  pipeline::TableClaim claim_;
  pipeline::Progress progress_;
  std::atomic<std::uint64_t> appended_{0};
  std::atomic<std::int64_t> deadline_ns_;  // of the batches that are being filled, nanoseconds since 1970
  pipeline::CurrentBinding current_;

  // Of whoever has the turn.
  std::shared_ptr<const pipeline::TableBinding> binding_;
  write::LaneBatcher batcher_;
  std::unique_ptr<encode::RowFields> fields_;
  std::unique_ptr<encode::JsonRowEncoder> json_;
  std::string json_text_;
  std::vector<std::size_t> column_indexes_;  // by handle
  absl::Time acquire_deadline_ = absl::InfiniteFuture();

  absl::Mutex mutex_;
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;
  bool flusher_waits_ ABSL_GUARDED_BY(mutex_) = false;  // for the turn

  mutable absl::Mutex columns_mutex_;
  std::vector<std::string> column_names_ ABSL_GUARDED_BY(columns_mutex_);  // by handle, lower case
  absl::flat_hash_map<std::string, int> handles_ ABSL_GUARDED_BY(columns_mutex_);
};

class Row::Impl {
 public:
  explicit Impl(TableWriter::Impl& table) : table(table), fields(table.fields()) {}
  TableWriter::Impl& table;
  encode::RowFields& fields;
};

}  // namespace bqcdc
