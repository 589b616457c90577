#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/encode/padded_line.h"
#include "bqcdc/rest/table_evolution.h"
#include "bqcdc/schema/ascii_case.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/schema/schema_json.h"
#include "bqcdc/write/request_builder.h"
#include "bqcdc/writer/writer_impl.h"

namespace bqcdc {
namespace {

// Tag and length before a row.
constexpr std::size_t kRowFrameBytesMax = 6;
// How long TryAppend() waits for another thread's row: encoding one takes far less.
constexpr absl::Duration kTurnOfOthers = absl::Milliseconds(1);
constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::max();

const absl::CivilDay kEpochDay(1970, 1, 1);

absl::StatusOr<write::BatchLimits> LimitsOf(const WriterOptions& options,
                                            const write::LatencyTarget* latency_target,
                                            const write::Destination& destination, const std::string& table) {
  const std::size_t preamble = write::PreambleBytesMax(destination, options.trace_id);
  if (preamble >= options.request_bytes_max / 2) {
    return absl::InvalidArgumentError(absl::StrCat("the schema of table ", table, " takes ", preamble,
                                                   " bytes of a request limited to ",
                                                   options.request_bytes_max));
  }
  write::BatchLimits limits;
  limits.rows_bytes_max = options.request_bytes_max - preamble;
  limits.batch_bytes = std::min(options.batch_bytes, limits.rows_bytes_max);
  limits.batch_rows = options.batch_rows;
  limits.flush_interval = options.flush_interval;
  if (latency_target != nullptr)
    limits.flush_interval = std::min(limits.flush_interval, latency_target->flush_interval_max());
  return limits;
}

// The text forms that --evolve-schema takes, too.
absl::StatusOr<std::vector<schema::Column>> ParseColumns(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && (text[begin] == '[' || text[begin] == '{'))
    return schema::ColumnsFromJsonText(text);
  return schema::ParseInlineSchema(text, schema::UntypedColumn::kIsRefused);
}

pipeline::SequenceMode ModeOf(TableOptions::Numbering numbering) {
  return numbering == TableOptions::Numbering::kSource ? pipeline::SequenceMode::kOwn
                                                       : pipeline::SequenceMode::kAssigned;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TableWriter>> TableWriter::Impl::Open(Writer::Impl& writer, int index,
                                                                     rest::TableName name,
                                                                     const TableOptions& options) {
  const WriterParts& parts = writer.parts();
  BQCDC_ASSIGN_OR_RETURN(const rest::TableResource table, parts.client->GetTable(name));
  BQCDC_ASSIGN_OR_RETURN(pipeline::TableBinding binding, pipeline::BindTable(name, table));
  BQCDC_ASSIGN_OR_RETURN(const write::BatchLimits limits, LimitsOf(writer.options(), writer.latency_target(),
                                                                   *binding.destination, name.ToString()));
  BQCDC_ASSIGN_OR_RETURN(auto claim, pipeline::TableClaim::Prepare(
                                         *parts.client, {name, options.resume_epoch}, table, *parts.clock));
  BQCDC_RETURN_IF_ERROR(claim.Claim(ModeOf(options.numbering)));
  auto impl = std::unique_ptr<Impl>(
      new Impl(writer, index, std::move(name), options, std::move(binding), std::move(claim), limits));
  BQCDC_RETURN_IF_ERROR(impl->Bind(impl->current_.newest()));
  return std::unique_ptr<TableWriter>(new TableWriter(std::move(impl)));
}

TableWriter::Impl::Impl(Writer::Impl& writer, int index, rest::TableName name, TableOptions options,
                        pipeline::TableBinding binding, pipeline::TableClaim claim,
                        const write::BatchLimits& limits)
    : writer_(writer),
      clock_(*writer.parts().clock),
      index_(index),
      name_(std::move(name)),
      name_text_(name_.ToString()),
      options_(options),
      claim_(std::move(claim)),
      deadline_ns_(kNoDeadline),
      current_(
          std::move(binding), [this] { return ReadBinding(); }, *writer.parts().clock),
      batcher_(limits, MakeBatcherEvents(), *writer.parts().clock) {}

write::BatcherEvents TableWriter::Impl::MakeBatcherEvents() {
  write::BatcherEvents events;
  if (const write::LatencyTarget* target = writer_.latency_target(); target != nullptr)
    events.batch_bytes_wanted = [target] { return target->batch_bytes(); };
  events.acquire = [this] { return writer_.pool().Acquire(acquire_deadline_); };
  events.on_begin = [this](write::RowBatch& batch) {
    static_cast<WriterBatch&>(batch).progress = progress_.Open({appended(), 0, 0});
  };
  events.on_batch = [this](std::shared_ptr<write::RowBatch> batch) {
    progress_.Reach({appended(), 0, 0});
    writer_.pool().Charge(*batch);
    return writer_.sender().Push(std::move(batch));
  };
  events.lanes_wanted = [this] { return writer_.sender().lanes_wanted(index_); };
  return events;
}

absl::Status TableWriter::Impl::Bind(std::shared_ptr<const pipeline::TableBinding> binding) {
  BQCDC_RETURN_IF_ERROR(batcher_.SetDestination(binding->destination, index_));
  binding_ = std::move(binding);
  fields_ = std::make_unique<encode::RowFields>(binding_->plan);
  encode::JsonRowEncoderOptions json;
  json.sequence_source = encode::SequenceSource::kAssigned;
  json.row_bytes_max = batcher_.limits().rows_bytes_max - kRowFrameBytesMax;
  json.line_bytes_max = 4 * batcher_.limits().rows_bytes_max;
  json_ = std::make_unique<encode::JsonRowEncoder>(binding_->plan, json);
  absl::MutexLock lock(&columns_mutex_);
  for (const schema::Column& column : binding_->schema.columns) {
    const std::string lower = schema::LowerAscii(column.name);
    if (handles_.emplace(lower, static_cast<int>(column_names_.size())).second)
      column_names_.push_back(lower);
  }
  column_indexes_.clear();
  for (const std::string& known : column_names_) {
    column_indexes_.push_back(binding_->schema.FindColumnIndex(known).value_or(kNoColumn));
  }
  return absl::OkStatus();
}

std::optional<ColumnHandle> TableWriter::Impl::FindColumn(std::string_view name) {
  absl::MutexLock lock(&columns_mutex_);
  const auto found = handles_.find(schema::LowerAscii(name));
  return found == handles_.end() ? std::nullopt : std::optional(ColumnHandle{found->second});
}

absl::StatusOr<ColumnHandle> TableWriter::Impl::Column(std::string_view name) {
  std::optional<ColumnHandle> column = FindColumn(name);
  // Perhaps it was added meanwhile.
  if (!column.has_value() && TryTakeTurn()) {
    FollowTable().IgnoreError();
    GiveTurn();
    column = FindColumn(name);
  }
  if (column.has_value()) return *column;
  return absl::NotFoundError(absl::StrCat("table ", name_text_, " has no column ", std::string(name)));
}

absl::Status TableWriter::Impl::EvolveSchema(std::string_view columns) {
  BQCDC_RETURN_IF_ERROR(writer_.status());
  const absl::StatusOr<std::vector<schema::Column>> wanted = ParseColumns(columns);
  if (!wanted.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("table ", name_text_, ": ", std::string(wanted.status().message())));
  }
  // A table that another has taken is not ours to change.
  BQCDC_RETURN_IF_ERROR(claim_.Verify());
  BQCDC_RETURN_IF_ERROR(rest::EvolveTable(*writer_.parts().client, name_, *wanted).status());
  BQCDC_ASSIGN_OR_RETURN(pipeline::TableBinding binding, ReadBinding());
  current_.Set(std::move(binding));
  BQCDC_RETURN_IF_ERROR(TakeTurn(absl::InfiniteFuture()));
  const absl::Cleanup give_turn = [this] { GiveTurn(); };
  const std::shared_ptr<const pipeline::TableBinding> newest = current_.newest();
  return newest == binding_ ? absl::OkStatus() : Bind(newest);
}

absl::Status TableWriter::Impl::NoRoom() const {
  return absl::ResourceExhaustedError(absl::StrCat("table ", name_text_, ": no room now"));
}

absl::Status TableWriter::Impl::TakeTurn(absl::Time deadline) {
  const auto free = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !taken_; };
  absl::MutexLock lock(&mutex_);
  if (!clock_.AwaitWithDeadline(mutex_, absl::Condition(&free), deadline))
    return absl::DeadlineExceededError(
        absl::StrCat("table ", name_text_, ": others were appending for too long"));
  taken_ = true;
  return absl::OkStatus();
}

// Whether the writer is closed is asked by the one who has the turn: Close() takes it after that was decided,
// so a row that is taken is one that Close() hands on.
absl::Status TableWriter::Impl::TakeTurnToAppend(const Call& call) {
  BQCDC_RETURN_IF_ERROR(writer_.status());
  const absl::Status turn = TakeTurn(call.wait ? call.deadline : clock_.Now() + kTurnOfOthers);
  if (!turn.ok()) return call.wait ? turn : NoRoom();  // Who has it waits for room.
  const absl::Status status = writer_.status();
  if (!status.ok()) GiveTurn();
  return status;
}

bool TableWriter::Impl::TryTakeTurn() {
  absl::MutexLock lock(&mutex_);
  if (taken_) return false;
  taken_ = true;
  return true;
}

void TableWriter::Impl::GiveTurn() {
  bool wake = false;
  {
    absl::MutexLock lock(&mutex_);
    taken_ = false;
    wake = std::exchange(flusher_waits_, false);
  }
  if (wake) writer_.WakeFlusher();
}

absl::Status TableWriter::Impl::CheckSequence(const SequenceNumber& sequence) const {
  if (options_.numbering == TableOptions::Numbering::kSource || sequence.sections[0] == epoch())
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("table ", name_text_, ": the first section of a sequence number must be the epoch ",
                   epoch(), " (TableOptions::numbering)"));
}

// Why waiting has ended.
absl::Status TableWriter::Impl::EndOf(absl::Status status, const Call& call) const {
  if (!absl::IsCancelled(status)) return status;
  const absl::Status ended = writer_.status();
  if (!ended.ok()) return ended;
  if (!call.wait) return NoRoom();
  if (clock_.Now() >= call.deadline)
    return absl::DeadlineExceededError(absl::StrCat("table ", name_text_, ": no room in time"));
  return status;
}

absl::Status TableWriter::Impl::Begin(const SequenceNumber& sequence, const Call& call) {
  BQCDC_RETURN_IF_ERROR(CheckSequence(sequence));
  acquire_deadline_ = call.wait ? call.deadline : absl::InfinitePast();
  return EndOf(batcher_.Ensure(), call);
}

absl::Status TableWriter::Impl::Finish(const Call& call) {
  bool tie = false;
  BQCDC_RETURN_IF_ERROR(EndOf(batcher_.TakeRow(/*ties_possible=*/true, &tie), call));
  auto& batch = static_cast<WriterBatch&>(*batcher_.current());
  batch.appends.push_back(appended_.load(std::memory_order_relaxed) + 1);
  if (call.answer != nullptr) batch.waiting.push_back({batch.rows.row_count() - 1, std::move(*call.answer)});
  appended_.fetch_add(1, std::memory_order_release);
  // From here on the row is taken: what goes wrong is the writer's end, which the next call tells.
  batcher_.FlushIfFull().IgnoreError();
  if (batcher_.flushed()) Follow().IgnoreError();
  NoteDeadline();
  return absl::OkStatus();
}

absl::Status TableWriter::Impl::Follow() {
  if (current_.MayDifferFrom(binding_)) BQCDC_RETURN_IF_ERROR(FollowTable());
  return batcher_.FollowLanes();
}

absl::StatusOr<pipeline::TableBinding> TableWriter::Impl::ReadBinding() const {
  BQCDC_ASSIGN_OR_RETURN(const rest::TableResource table, writer_.parts().client->GetTable(name_));
  // The checks of the claim deal with it.
  if (table.creation_time_ms != claim_.creation_time_ms())
    return absl::FailedPreconditionError(absl::StrCat("table ", name_text_, " was created again"));
  return pipeline::BindTable(name_, table);
}

absl::Status TableWriter::Impl::FollowTable() {
  std::shared_ptr<const pipeline::TableBinding> now = current_.Refresh();
  return now == binding_ ? absl::OkStatus() : Bind(std::move(now));
}

// Tells the flusher where the first batch's time is sooner than it knows.
void TableWriter::Impl::NoteDeadline() {
  const absl::Time deadline = batcher_.next_deadline();
  const std::int64_t ns = deadline == absl::InfiniteFuture() ? kNoDeadline : absl::ToUnixNanos(deadline);
  const std::int64_t before = deadline_ns_.exchange(ns, std::memory_order_relaxed);
  if (ns < before) writer_.WakeFlusher();
}

absl::Time TableWriter::Impl::FlushDue() {
  if (next_deadline() > clock_.Now()) return next_deadline();
  {
    absl::MutexLock lock(&mutex_);
    if (taken_) {
      flusher_waits_ = true;
      return absl::InfiniteFuture();
    }
    taken_ = true;
  }
  batcher_.FlushDue().IgnoreError();
  if (batcher_.flushed()) Follow().IgnoreError();
  NoteDeadline();
  GiveTurn();
  return next_deadline();
}

absl::StatusOr<std::uint64_t> TableWriter::Impl::Flush(absl::Time deadline) {
  BQCDC_RETURN_IF_ERROR(TakeTurn(deadline));
  const absl::Status status = batcher_.FlushAll();
  const std::uint64_t flushed = appended();
  NoteDeadline();
  GiveTurn();
  if (!status.ok()) return writer_.status();  // Only an end of the writer keeps rows from being handed on.
  return flushed;
}

absl::Status TableWriter::Impl::Explain(const encode::EncodeFailure& failure) const {
  return absl::InvalidArgumentError(
      absl::StrCat("table ", name_text_, ": ", std::string(encode::DescribeEncodeError(failure).message())));
}

absl::Status TableWriter::Impl::Append(ChangeType change_type, const SequenceNumber& sequence,
                                       absl::FunctionRef<void(Row&)> fill, const Call& call) {
  BQCDC_RETURN_IF_ERROR(TakeTurnToAppend(call));
  const absl::Cleanup give_turn = [this] { GiveTurn(); };  // Also where `fill` throws.
  BQCDC_RETURN_IF_ERROR(Begin(sequence, call));
  if (Encode(change_type, sequence, fill) == encode::EncodeError::kNone) return Finish(call);
  BQCDC_ASSIGN_OR_RETURN(const bool changed, LookAgain(fields_->failure(), call));
  if (changed && Encode(change_type, sequence, fill) == encode::EncodeError::kNone) return Finish(call);
  return Explain(fields_->failure());
}

encode::EncodeError TableWriter::Impl::Encode(ChangeType change_type, const SequenceNumber& sequence,
                                              absl::FunctionRef<void(Row&)> fill) {
  fields_->Begin(&batcher_.current()->rows);
  Row::Impl impl(*this);
  Row row(impl);
  fill(row);
  return fields_->Finish(change_type, sequence, options_.numbering == TableOptions::Numbering::kSource,
                         batcher_.limits().rows_bytes_max - kRowFrameBytesMax);
}

absl::StatusOr<bool> TableWriter::Impl::LookAgain(const encode::EncodeFailure& failure, const Call& call) {
  if (!failure.DependsOnSchema()) return false;
  const std::shared_ptr<const pipeline::TableBinding> before = binding_;
  BQCDC_RETURN_IF_ERROR(FollowTable());
  if (binding_ == before) return false;
  BQCDC_RETURN_IF_ERROR(EndOf(batcher_.Ensure(), call));
  return true;
}

absl::Status TableWriter::Impl::AppendJson(std::string_view object, const SequenceNumber& sequence,
                                           const Call& call) {
  BQCDC_RETURN_IF_ERROR(TakeTurnToAppend(call));
  const absl::Cleanup give_turn = [this] { GiveTurn(); };
  BQCDC_RETURN_IF_ERROR(Begin(sequence, call));
  json_text_.assign(object).append(encode::kLinePaddingBytes, ' ');
  const encode::PaddedLine line(json_text_.data(), object.size());
  const auto encode = [&] { return json_->EncodeLine(line, sequence, &batcher_.current()->rows); };
  if (encode() == encode::EncodeError::kNone) return Finish(call);
  BQCDC_ASSIGN_OR_RETURN(const bool changed, LookAgain(json_->failure(), call));
  if (changed && encode() == encode::EncodeError::kNone) return Finish(call);
  return Explain(json_->failure());
}

Row& Row::SetBool(ColumnHandle column, bool value) {
  impl_.fields.SetBool(impl_.table.ColumnIndex(column), value);
  return *this;
}
Row& Row::SetInt64(ColumnHandle column, std::int64_t value) {
  impl_.fields.SetInt64(impl_.table.ColumnIndex(column), value);
  return *this;
}
Row& Row::SetDouble(ColumnHandle column, double value) {
  impl_.fields.SetDouble(impl_.table.ColumnIndex(column), value);
  return *this;
}
Row& Row::SetText(ColumnHandle column, std::string_view value) {
  impl_.fields.SetText(impl_.table.ColumnIndex(column), value);
  return *this;
}
Row& Row::SetBytes(ColumnHandle column, std::string_view value) {
  impl_.fields.SetBytes(impl_.table.ColumnIndex(column), value);
  return *this;
}
Row& Row::SetDate(ColumnHandle column, absl::CivilDay value) {
  impl_.fields.SetDate(impl_.table.ColumnIndex(column), value - kEpochDay);
  return *this;
}
Row& Row::SetTimestamp(ColumnHandle column, absl::Time value) {
  impl_.fields.SetTimestamp(impl_.table.ColumnIndex(column), absl::ToUnixMicros(value));
  return *this;
}

TableWriter::TableWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TableWriter::~TableWriter() = default;
const std::string& TableWriter::name() const { return impl_->name(); }
std::uint64_t TableWriter::epoch() const { return impl_->epoch(); }
absl::StatusOr<ColumnHandle> TableWriter::Column(std::string_view name) const { return impl_->Column(name); }
absl::Status TableWriter::EvolveSchema(std::string_view columns) { return impl_->EvolveSchema(columns); }
std::uint64_t TableWriter::appended() const { return impl_->appended(); }
std::uint64_t TableWriter::settled() const { return impl_->settled(); }

absl::Status TableWriter::Append(ChangeType change_type, const SequenceNumber& sequence,
                                 absl::FunctionRef<void(Row&)> fill, absl::Time deadline) {
  return impl_->Append(change_type, sequence, fill, {deadline});
}
absl::Status TableWriter::TryAppend(ChangeType change_type, const SequenceNumber& sequence,
                                    absl::FunctionRef<void(Row&)> fill) {
  return impl_->Append(change_type, sequence, fill, {absl::InfinitePast(), false});
}
std::future<absl::Status> TableWriter::AppendAsync(ChangeType change_type, const SequenceNumber& sequence,
                                                   absl::FunctionRef<void(Row&)> fill, absl::Time deadline) {
  std::promise<absl::Status> answer;
  std::future<absl::Status> future = answer.get_future();
  const absl::Status taken = impl_->Append(change_type, sequence, fill, {deadline, true, &answer});
  if (!taken.ok()) answer.set_value(taken);
  return future;
}
std::future<void> TableWriter::WhenRoom() { return impl_->WhenRoom(); }
absl::Status TableWriter::AppendJson(std::string_view object, const SequenceNumber& sequence,
                                     absl::Time deadline) {
  return impl_->AppendJson(object, sequence, {deadline});
}

}  // namespace bqcdc
