#include "bqcdc/pipeline/dead_letter_retry.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/pipeline/change_batch.h"
#include "bqcdc/pipeline/current_binding.h"
#include "bqcdc/pipeline/stream_settlement.h"
#include "bqcdc/pipeline/stream_summary.h"
#include "bqcdc/pipeline/table_claim.h"
#include "bqcdc/write/batch_pool.h"
#include "bqcdc/write/batch_sender.h"
#include "bqcdc/write/lane_batcher.h"
#include "bqcdc/write/request_builder.h"

namespace bqcdc::pipeline {
namespace {

using checkpoint::DeadLetterCause;
using checkpoint::DeadLetterFate;
using checkpoint::StoredDeadLetter;

constexpr std::size_t kRecordsMax = 2'000'000;
// Tag and length before a row.
constexpr std::size_t kRowFrameBytesMax = 6;

enum class Fate : std::uint8_t { kNotTried, kWritten, kFailed, kTooOld, kOfOtherTable };

// What has become of each record. Thread-safe.
class Fates {
 public:
  void Resize(std::size_t count) {
    absl::MutexLock lock(&mutex_);
    fates_.resize(count, Fate::kNotTried);
  }
  void Set(std::size_t record, Fate fate) {
    absl::MutexLock lock(&mutex_);
    fates_[record] = fate;
  }
  void Fail(std::size_t record, DeadLetterCause cause) {
    absl::MutexLock lock(&mutex_);
    fates_[record] = Fate::kFailed;
    causes_[record] = std::move(cause);
  }
  bool changed() const {
    absl::MutexLock lock(&mutex_);
    for (const Fate fate : fates_) {
      if (fate == Fate::kWritten || fate == Fate::kFailed) return true;
    }
    return false;
  }
  DeadLetterFate Of(std::size_t record) const {
    absl::MutexLock lock(&mutex_);
    if (record >= fates_.size()) return {};
    const auto cause = causes_.find(record);
    if (cause == causes_.end()) return {fates_[record] == Fate::kWritten, std::nullopt};
    return {false, cause->second};
  }
  DeadLetterRetrySummary Count() const {
    absl::MutexLock lock(&mutex_);
    DeadLetterRetrySummary summary;
    summary.records = static_cast<std::int64_t>(fates_.size());
    for (const Fate fate : fates_) {
      ++(fate == Fate::kWritten        ? summary.written
         : fate == Fate::kFailed       ? summary.failed_again
         : fate == Fate::kTooOld       ? summary.too_old
         : fate == Fate::kOfOtherTable ? summary.of_other_table
                                       : summary.not_tried);
    }
    return summary;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<Fate> fates_ ABSL_GUARDED_BY(mutex_);
  std::map<std::size_t, DeadLetterCause> causes_ ABSL_GUARDED_BY(mutex_);
};

// The rows of one table. A row's line is the index of its record.
class TableRetry final : public write::SettlementHandler {
 public:
  TableRetry(const DeadLetterRetryOptions& options, const DeadLetterRetrySurroundings& with,
             const checkpoint::DeadLetterReader& file, Fates& fates, rest::TableName table)
      : options_(options), with_(with), file_(file), fates_(fates), table_(std::move(table)) {}

  absl::Status Run();

 private:
  absl::Status OnStart(write::RowBatch&) override { return absl::OkStatus(); }
  void OnStored(write::RowBatch& batch, const write::RowSelection& rows) override {
    const auto& changes = static_cast<const ChangeBatch&>(batch);
    for (std::size_t i = 0; i < rows.count(batch); ++i)
      fates_.Set(changes.lines[rows.at(i)].number, Fate::kWritten);
  }
  absl::Status OnRefused(write::RowBatch& batch, std::span<const write::RefusedRow> rows) override {
    const auto& changes = static_cast<const ChangeBatch&>(batch);
    for (const write::RefusedRow& row : rows) {
      fates_.Fail(changes.lines[row.index].number,
                  {std::string(DeadLetterReason(row.reason)), row.message, row.column});
    }
    return absl::OkStatus();
  }
  void OnSettled(const std::shared_ptr<write::RowBatch>&) override {}

  // The table, which must not have been created again.
  absl::StatusOr<rest::TableResource> ReadTable() const;
  absl::StatusOr<TableBinding> ReadBinding() const;
  absl::Status CheckTable() const { return ReadTable().status(); }
  absl::Status Feed();
  absl::Status Take(std::size_t index, const StoredDeadLetter& record);
  absl::Status Encode(std::size_t index, const StoredDeadLetter& record);

  const DeadLetterRetryOptions& options_;
  const DeadLetterRetrySurroundings& with_;
  const checkpoint::DeadLetterReader& file_;
  Fates& fates_;
  const rest::TableName table_;
  std::int64_t creation_time_ms_ = 0;
  ClaimLabels labels_;
  std::optional<CurrentBinding> current_;
  std::unique_ptr<encode::JsonRowEncoder> encoder_;
  std::shared_ptr<write::BatchPool> pool_ =
      write::BatchPool::Create([] { return std::make_unique<ChangeBatch>(); });
  std::optional<write::LaneBatcher> batcher_;
  std::unique_ptr<write::BatchSender> sender_;
};

absl::Status TableRetry::Run() {
  BQCDC_ASSIGN_OR_RETURN(const rest::TableResource table, with_.client->GetTable(table_));
  BQCDC_ASSIGN_OR_RETURN(TableBinding binding, BindTable(table_, table));
  current_.emplace(
      std::move(binding), [this] { return ReadBinding(); }, *with_.clock);
  BQCDC_ASSIGN_OR_RETURN(labels_, ReadClaimLabels(table_, table));
  creation_time_ms_ = table.creation_time_ms;
  const std::size_t preamble = write::PreambleBytesMax(*current_->newest()->destination, options_.trace_id);
  if (preamble >= options_.request_bytes_max / 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("the schema of table ", table_.ToString(), " is too large for a request"));
  }
  write::BatchLimits limits;
  limits.rows_bytes_max = options_.request_bytes_max - preamble;
  limits.batch_bytes = std::min(limits.batch_bytes, limits.rows_bytes_max);
  encode::JsonRowEncoderOptions encoder;
  encoder.row_bytes_max = limits.rows_bytes_max - kRowFrameBytesMax;
  encoder.sequence_source = labels_.mode == "own"        ? encode::SequenceSource::kOwn
                            : labels_.mode == "assigned" ? encode::SequenceSource::kAssigned
                                                         : encode::SequenceSource::kEither;
  encoder_ = std::make_unique<encode::JsonRowEncoder>(current_->newest()->plan, encoder);

  write::BatcherEvents batches;
  batches.acquire = [this] { return pool_->Acquire(); };
  batches.on_batch = [this](std::shared_ptr<write::RowBatch> batch) {
    pool_->Charge(*batch);
    return sender_->Push(std::move(batch));
  };
  batcher_.emplace(limits, std::move(batches), *with_.clock);
  BQCDC_RETURN_IF_ERROR(batcher_->SetDestination(current_->newest()->destination));

  write::BatchSenderOptions sending;
  sending.patience = options_.patience;
  sending.scaling.lanes_max = 1;
  write::BatchSenderSurroundings surroundings;
  surroundings.check_table = [this](int) { return CheckTable(); };
  surroundings.current_schema = [this](int) { return current_->RefreshSchema(); };
  sender_ = std::make_unique<write::BatchSender>(sending, std::move(surroundings), *this, *with_.clock);
  write::ConnectionPoolOptions connections;
  connections.connections_max = 1;
  connections.connection.trace_id = options_.trace_id;
  connections.connection.patience = options_.patience;
  const std::unique_ptr<write::ConnectionPool> pool = sender_->MakePool(
      connections, with_.channels, [this] { return CheckTable(); }, nullptr);

  absl::Status fed;
  std::thread feeder([&] {
    fed = Feed();
    sender_->EndInput();
  });
  const absl::Status sent = sender_->Run(*pool);
  pool_->Close();
  feeder.join();
  return !fed.ok() && (sent.ok() || absl::IsCancelled(sent)) ? fed : sent;
}

absl::StatusOr<rest::TableResource> TableRetry::ReadTable() const {
  BQCDC_ASSIGN_OR_RETURN(rest::TableResource table, with_.client->GetTable(table_));
  if (table.creation_time_ms == creation_time_ms_) return table;
  return absl::FailedPreconditionError(
      absl::StrCat("table ", table_.ToString(), " was created again during the retry"));
}

absl::StatusOr<TableBinding> TableRetry::ReadBinding() const {
  BQCDC_ASSIGN_OR_RETURN(const rest::TableResource table, ReadTable());
  return BindTable(table_, table);
}

absl::Status TableRetry::Feed() {
  const std::string name = table_.ToString();
  BQCDC_RETURN_IF_ERROR(file_.ForEach([&](std::size_t index, StoredDeadLetter record) {
    if (with_.stop != nullptr && with_.stop->requested()) return absl::CancelledError("interrupted");
    return record.table == name ? Take(index, record) : absl::OkStatus();
  }));
  return batcher_->FlushAll();
}

absl::Status TableRetry::Take(std::size_t index, const StoredDeadLetter& record) {
  if (!options_.force && record.table_creation_time_ms != creation_time_ms_) {
    fates_.Set(index, Fate::kOfOtherTable);
    return absl::OkStatus();
  }
  if (!options_.force && with_.clock->Now() - record.set_aside_at > options_.age_max) {
    fates_.Set(index, Fate::kTooOld);
    return absl::OkStatus();
  }
  return Encode(index, record);
}

absl::Status TableRetry::Encode(std::size_t index, const StoredDeadLetter& record) {
  BQCDC_RETURN_IF_ERROR(batcher_->Ensure());
  encode::EncodedRows& rows = batcher_->current()->rows;
  const encode::OwnedLine line(record.row);
  const encode::EncodeError error = encoder_->EncodeLine(line.line(), record.sequence, &rows);
  if (error != encode::EncodeError::kNone) {
    const encode::EncodeFailure& failure = encoder_->failure();
    fates_.Fail(index, {std::string(encode::EncodeErrorName(error)),
                        std::string(encode::DescribeEncodeError(failure).message()), failure.Path()});
    return absl::OkStatus();
  }
  const std::uint64_t epoch = record.sequence.sections[0];
  if (!options_.force && !rows.facts(rows.row_count() - 1).own_sequence && epoch > labels_.epoch) {
    rows.Truncate(rows.row_count() - 1);
    return absl::FailedPreconditionError(
        absl::StrCat("record ", index + 1, " was numbered by epoch ", epoch, ", but table ",
                     table_.ToString(), " was last written by epoch ", labels_.epoch,
                     ": its labels were lost, or it is another table; --force sends the rows all the same"));
  }
  // Rows of several runs may have equal keys and numbers, so ties are always looked for.
  bool tie = false;
  BQCDC_RETURN_IF_ERROR(batcher_->TakeRow(/*ties_possible=*/true, &tie));
  static_cast<ChangeBatch&>(*batcher_->current()).lines.push_back({.number = index});
  return batcher_->FlushIfFull();
}

}  // namespace

DeadLetterRetryOutcome RetryDeadLetters(const DeadLetterRetryOptions& options,
                                        const DeadLetterRetrySurroundings& surroundings,
                                        checkpoint::DeadLetterReader& file) {
  DeadLetterRetryOutcome outcome;
  std::size_t records = 0;
  std::set<std::string> tables;
  outcome.status = file.ForEach([&](std::size_t, const StoredDeadLetter& record) -> absl::Status {
    if (++records > kRecordsMax) {
      return absl::ResourceExhaustedError(absl::StrCat("dead letter file ", file.path(), " has more than ",
                                                       kRecordsMax, " records; divide it"));
    }
    tables.insert(record.table);
    return absl::OkStatus();
  });
  if (!outcome.status.ok()) return outcome;
  Fates fates;
  fates.Resize(records);
  for (const std::string& name : tables) {
    const absl::StatusOr<rest::TableName> table = rest::ParseTableName(name, "");
    const absl::Status status =
        table.ok() ? TableRetry(options, surroundings, file, fates, *table).Run() : table.status();
    if (outcome.status.ok()) outcome.status = status;
  }
  base::HitFailpoint(base::Failpoint::kRetryAfterSend);
  outcome.summary = fates.Count();
  if (fates.changed()) {
    const absl::Status written = file.Rewrite([&](std::size_t record) { return fates.Of(record); });
    if (outcome.status.ok()) outcome.status = written;
  }
  return outcome;
}

}  // namespace bqcdc::pipeline
