#include "bqcdc/writer/writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/write/limits.h"
#include "bqcdc/writer/writer_impl.h"

namespace bqcdc {
namespace {

// How often to make sure that the tables are still ours.
constexpr absl::Duration kClaimCheckInterval = absl::Seconds(60);

absl::Status CheckOptions(const WriterOptions& options) {
  if (options.connections_max < 1 || options.connections_max > 100)
    return absl::InvalidArgumentError("WriterOptions: connections_max must be from 1 to 100");
  if (options.requests_in_flight_max < 1 || options.requests_in_flight_max > 1000)
    return absl::InvalidArgumentError("WriterOptions: requests_in_flight_max must be from 1 to 1000");
  if (options.request_bytes_max < write::kRequestBytesMin ||
      options.request_bytes_max > 2 * write::kServiceRequestBytesMax)
    return absl::InvalidArgumentError("WriterOptions: request_bytes_max must be from 16 KiB to 20 MiB");
  if (options.target_latency < absl::ZeroDuration() ||
      (options.target_latency > absl::ZeroDuration() && options.target_latency < absl::Milliseconds(1)))
    return absl::InvalidArgumentError("WriterOptions: target_latency must be 0 or at least 1 ms");
  if (options.batch_bytes < 1 || options.batch_rows < 1 || options.memory_bytes_max < 1 ||
      options.bytes_in_flight_max < 1)
    return absl::InvalidArgumentError("WriterOptions: batches and memory must be at least 1");
  if (options.retry_attempts_max < 0)
    return absl::InvalidArgumentError("WriterOptions: retry_attempts_max must be 0 (no limit) or more");
  return absl::OkStatus();
}

write::Patience PatienceOf(const WriterOptions& options) {
  return {.retry_time_max = options.retry_time_max,
          .retry_attempts_max = options.retry_attempts_max,
          .schema_time_max = options.schema_time_max,
          .names = {"WriterOptions::retry_time_max", "WriterOptions::retry_attempts_max",
                    "WriterOptions::schema_time_max"}};
}

}  // namespace

Writer::Impl::Impl(WriterParts parts, WriterOptions options)
    : options_(std::move(options)), parts_(std::move(parts)), clock_(*parts_.clock) {
  write::BatchPoolLimits memory;
  memory.bytes = options_.memory_bytes_max;
  // Rows that wait here for the window wait as long as those in it: with a latency target few may.
  const bool few = options_.target_latency > absl::ZeroDuration();
  const auto connections = static_cast<std::size_t>(options_.connections_max);
  memory.batches =
      std::max((few ? 1 : connections + 1) * static_cast<std::size_t>(options_.requests_in_flight_max),
               connections + 2);
  pool_ = write::BatchPool::Create([] { return std::make_unique<WriterBatch>(); }, memory, clock_);
  if (options_.target_latency > absl::ZeroDuration()) {
    latency_target_.emplace(write::LatencyTargetOptions::For(
        options_.target_latency, std::min(options_.batch_bytes, options_.request_bytes_max),
        options_.requests_in_flight_max));
  }
  MakeSender();
  MakeConnections();
}

void Writer::Impl::MakeSender() {
  write::BatchSenderOptions options;
  options.patience = PatienceOf(options_);
  options.scaling = parts_.scaling;
  options.scaling.lanes_max = options_.connections_max;
  write::BatchSenderSurroundings surroundings;
  surroundings.check_table = [this](int table) { return TableAt(table)->VerifyClaim(); };
  surroundings.on_schema_changed = [this](int table) { TableAt(table)->current().NoteChange(); };
  surroundings.current_schema = [this](int table) { return TableAt(table)->current().RefreshSchema(); };
  surroundings.on_progress = [this] {
    const write::BatchSenderStats& sent = sender_->stats();
    absl::MutexLock lock(&mutex_);
    stats_.requests = sent.requests;
    stats_.retries = sent.retries;
    stats_.connections = connections_->connection_count();
  };
  surroundings.on_answer = [this](const write::AnsweredRequest& answered) {
    if (answered.action != write::AppendAction::kNone) return;
    absl::MutexLock lock(&mutex_);
    acknowledge_.Add(answered.since_first_sent);
  };
  if (latency_target_.has_value()) surroundings.latency_target = &*latency_target_;
  sender_ = std::make_unique<write::BatchSender>(options, std::move(surroundings), *this, clock_);
}

void Writer::Impl::MakeConnections() {
  write::ConnectionPoolOptions options;
  options.connections_max = options_.connections_max;
  options.connection.trace_id = options_.trace_id;
  options.connection.requests_in_flight_max = options_.requests_in_flight_max;
  options.connection.bytes_in_flight_max = options_.bytes_in_flight_max;
  options.connection.patience = PatienceOf(options_);
  connections_ = sender_->MakePool(
      options, parts_.channels, [this] { return VerifyClaims(); }, options_.on_warning);
}

Writer::Impl::~Impl() {
  Cancel();
  Join();
}

void Writer::Impl::Start() {
  sending_ = std::thread([this] { Send(); });
  flushing_ = std::thread([this] { FlushInTime(); });
  watching_ = std::thread([this] { WatchClaims(); });
}

void Writer::Impl::Join() {
  for (std::thread* thread : {&sending_, &flushing_, &watching_}) {
    if (thread->joinable()) thread->join();
  }
}

void Writer::Impl::Send() {
  sender_->Run(*connections_).IgnoreError();  // It keeps what it returns.
  connections_.reset();  // With the last that it had of batches: who waits for an answer gets one now.
  pool_->Close();
  // The same for batches that were being filled, which nobody takes any more.
  for (TableWriter::Impl* table : Tables()) table->Flush(absl::InfiniteFuture()).IgnoreError();
  absl::MutexLock lock(&mutex_);
  ended_ = true;
}

void Writer::Impl::FlushInTime() {
  const auto woken = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ended_ || flusher_woken_; };
  for (absl::Time next = absl::InfiniteFuture();;) {
    {
      absl::MutexLock lock(&mutex_);
      clock_.AwaitWithDeadline(mutex_, absl::Condition(&woken), next);
      flusher_woken_ = false;
      if (ended_) return;
    }
    next = absl::InfiniteFuture();
    for (TableWriter::Impl* table : Tables()) next = std::min(next, table->FlushDue());
  }
}

void Writer::Impl::WatchClaims() {
  const auto ended = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ended_; };
  for (absl::Time next = clock_.Now() + kClaimCheckInterval;; next += kClaimCheckInterval) {
    {
      absl::MutexLock lock(&mutex_);
      if (clock_.AwaitWithDeadline(mutex_, absl::Condition(&ended), next)) return;
    }
    const absl::Status status = VerifyClaims();
    if (absl::IsFailedPrecondition(status)) {
      sender_->Fail(status);
    } else if (!status.ok() && options_.on_warning) {
      options_.on_warning(
          absl::StrCat("cannot say whether a table is still ours: ", std::string(status.message())));
    }
  }
}

absl::Status Writer::Impl::VerifyClaims() const {
  absl::Status unclear;
  for (const TableWriter::Impl* table : Tables()) {
    const absl::Status status = table->VerifyClaim();
    if (absl::IsFailedPrecondition(status)) return status;
    unclear.Update(status);
  }
  return unclear;
}

TableWriter::Impl* Writer::Impl::TableAt(int index) const {
  absl::MutexLock lock(&mutex_);
  return tables_[static_cast<std::size_t>(index)]->impl_.get();
}

std::vector<TableWriter::Impl*> Writer::Impl::Tables() const {
  std::vector<TableWriter::Impl*> tables;
  absl::MutexLock lock(&mutex_);
  for (const auto& table : tables_) tables.push_back(table->impl_.get());
  return tables;
}

void Writer::Impl::WakeFlusher() {
  absl::MutexLock lock(&mutex_);
  flusher_woken_ = true;
}

absl::StatusOr<TableWriter*> Writer::Impl::OpenTable(std::string_view table, TableOptions options) {
  BQCDC_ASSIGN_OR_RETURN(const rest::TableName name, parts_.parse_table(table));
  BQCDC_RETURN_IF_ERROR(status());
  int index = 0;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& open : tables_) {
      if (open->name() == name.ToString())
        return absl::AlreadyExistsError(absl::StrCat("table ", name.ToString(), " is open already"));
    }
    index = static_cast<int>(tables_.size());
  }
  BQCDC_ASSIGN_OR_RETURN(auto opened, TableWriter::Impl::Open(*this, index, name, options));
  absl::MutexLock lock(&mutex_);
  if (static_cast<int>(tables_.size()) != index)
    return absl::AbortedError("OpenTable was called by two threads at once; call it again");
  // Each lane of each table may have a batch that is being filled while its callers wait for one more: they
  // would wait for each other if those were taken from what may be under way.
  pool_->Grow(static_cast<std::size_t>(options_.connections_max));
  return tables_.emplace_back(std::move(opened)).get();
}

absl::Status Writer::Impl::status() const {
  BQCDC_RETURN_IF_ERROR(sender_->failure());
  absl::MutexLock lock(&mutex_);
  return closing_ ? absl::FailedPreconditionError("the writer is closed") : absl::OkStatus();
}

WriterStats Writer::Impl::stats() const {
  absl::MutexLock lock(&mutex_);
  WriterStats stats = stats_;
  stats.acknowledge_p50 = acknowledge_.Quantile(0.5);
  stats.acknowledge_p99 = acknowledge_.Quantile(0.99);
  return stats;
}

absl::Status Writer::Impl::Flush(absl::Time deadline) {
  const std::vector<TableWriter::Impl*> tables = Tables();
  std::vector<std::uint64_t> targets;
  for (TableWriter::Impl* table : tables) {
    BQCDC_ASSIGN_OR_RETURN(const std::uint64_t flushed, table->Flush(deadline));
    targets.push_back(flushed);
  }
  const auto settled = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    if (ended_) return true;
    for (std::size_t i = 0; i < tables.size(); ++i) {
      if (tables[i]->settled() < targets[i]) return false;
    }
    return true;
  };
  absl::MutexLock lock(&mutex_);
  if (!clock_.AwaitWithDeadline(mutex_, absl::Condition(&settled), deadline))
    return absl::DeadlineExceededError("not everything was settled in time");
  return ended_ ? sender_->failure() : absl::OkStatus();
}

absl::Status Writer::Impl::Close(absl::Time deadline) {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    if (ended_) return sender_->failure();
  }
  BQCDC_RETURN_IF_ERROR(Flush(deadline));
  sender_->EndInput();
  const auto ended = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ended_; };
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&ended));  // Everything is settled, so this is at once.
  return sender_->failure();
}

void Writer::Impl::Cancel() {
  sender_->Fail(absl::CancelledError("the writer was cancelled"));
  pool_->Close();
}

absl::Status Writer::Impl::OnStart(write::RowBatch&) { return absl::OkStatus(); }

void Writer::Impl::OnStored(write::RowBatch& batch, const write::RowSelection& rows) {
  auto& own = static_cast<WriterBatch&>(batch);
  const encode::RowCounts stored = rows.counts(batch);
  std::erase_if(own.waiting, [&](WriterBatch::Waiting& one) {
    if (!rows.whole && !std::binary_search(rows.indexes.begin(), rows.indexes.end(), one.row)) return false;
    one.answer.set_value(absl::OkStatus());
    return true;
  });
  absl::MutexLock lock(&mutex_);
  stats_.upserts += stored.upserts;
  stats_.deletes += stored.deletes;
  stats_.bytes += stored.upsert_bytes + stored.delete_bytes;
}

absl::Status Writer::Impl::OnRefused(write::RowBatch& batch, std::span<const write::RefusedRow> rows) {
  auto& own = static_cast<WriterBatch&>(batch);
  const std::string& table = TableAt(batch.table)->name();
  for (const write::RefusedRow& row : rows) {
    const auto waiting = std::find_if(own.waiting.begin(), own.waiting.end(),
                                      [&](const WriterBatch::Waiting& one) { return one.row == row.index; });
    if (options_.on_refused) {
      const encode::RowFacts& facts = batch.rows.facts(row.index);
      BQCDC_RETURN_IF_ERROR(options_.on_refused(
          {table, own.appends[row.index], facts.change_type, batch.rows.sequence(row.index), row.message}));
    } else if (waiting == own.waiting.end()) {
      return absl::FailedPreconditionError(
          absl::StrCat("row ", own.appends[row.index], " of table ", table,
                       " was refused, and WriterOptions::on_refused is not set"));
    }
    if (waiting != own.waiting.end()) {
      waiting->answer.set_value(absl::InvalidArgumentError(row.message));
      own.waiting.erase(waiting);
    }
    absl::MutexLock lock(&mutex_);
    ++stats_.refused;
  }
  return absl::OkStatus();
}

void Writer::Impl::OnSettled(const std::shared_ptr<write::RowBatch>& batch) {
  TableAt(batch->table)->SettleBatch(static_cast<const WriterBatch&>(*batch));
  absl::MutexLock lock(&mutex_);  // Whoever waits for it looks again when the lock is given back.
}

absl::StatusOr<std::unique_ptr<Writer>> Writer::Impl::Open(WriterParts parts, WriterOptions options) {
  BQCDC_RETURN_IF_ERROR(CheckOptions(options));
  auto impl = std::unique_ptr<Impl>(new Impl(std::move(parts), std::move(options)));
  impl->Start();
  return std::unique_ptr<Writer>(new Writer(std::move(impl)));
}

absl::StatusOr<std::unique_ptr<Writer>> WriterOpener::Open(WriterParts parts, WriterOptions options) {
  return Writer::Impl::Open(std::move(parts), std::move(options));
}

Writer::Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Writer::~Writer() = default;
absl::StatusOr<TableWriter*> Writer::OpenTable(std::string_view table, TableOptions options) {
  return impl_->OpenTable(table, options);
}
absl::Status Writer::Flush(absl::Time deadline) { return impl_->Flush(deadline); }
absl::Status Writer::Close(absl::Time deadline) { return impl_->Close(deadline); }
void Writer::Cancel() { impl_->Cancel(); }
absl::Status Writer::status() const { return impl_->status(); }
WriterStats Writer::stats() const { return impl_->stats(); }

}  // namespace bqcdc
