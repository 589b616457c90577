#include "bqcdc/pipeline/batch_sender.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/pipeline/tie_memory.h"
#include "bqcdc/write/request_builder.h"

namespace bqcdc::pipeline {
namespace {

using write::AppendAction;

constexpr absl::Duration kProgressInterval = absl::Milliseconds(500);
// Where so many single rows were refused one after the other and none was stored, the fault is not in the
// rows.
constexpr std::int64_t kRefusalsInARowMax = 100;
// Requests queued behind a failed one come back one by one; they pause a little.
constexpr absl::Duration kInTurnPause = absl::Milliseconds(20);
// On failure: for answers that are on their way, so that the summary is as true as can be.
constexpr absl::Duration kLastAnswers = absl::Seconds(5);

constexpr std::string_view kRefused = "refused";

}  // namespace

BatchSender::BatchSender(BatchSenderOptions options, Surroundings surroundings,
                         checkpoint::DeadLetterFile& dead_letter, const base::Clock& clock)
    : options_(options), surroundings_(std::move(surroundings)), dead_letter_(dead_letter), clock_(clock) {}

BatchSender::~BatchSender() = default;

void BatchSender::OnResult(std::int64_t request, write::AppendResult result) {
  absl::MutexLock lock(&mutex_);
  inbox_answers_.push_back({request, std::move(result)});
}

void BatchSender::Fail(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (failure_.ok()) failure_ = status;
}

bool BatchSender::Push(std::shared_ptr<ChangeBatch> batch) {
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return false;
  inbox_batches_.push_back(std::move(batch));
  return true;
}

void BatchSender::EndInput() {
  absl::MutexLock lock(&mutex_);
  input_ended_ = true;
}

absl::Status BatchSender::Run(write::AppendConnection& connection) {
  absl::Status status;
  while (status.ok()) {
    status = TakeInbox(NextDeadline());
    // Answers that came with a failure are settled still.
    while (!answers_.empty() && (status.ok() || answers_.front().result.status.ok())) {
      const Answer answer = std::move(answers_.front());
      answers_.pop_front();
      const absl::Status settled = Settle(answer, connection);
      if (status.ok()) status = settled;
    }
    if (status.ok()) status = SendWhatFits(connection);
    if (surroundings_.on_progress) surroundings_.on_progress(summary_);
    if (status.ok() && no_more_batches_ && waiting_.empty() && again_.empty() && in_flight_.empty())
      return status;
  }
  Fail(status);
  {
    // Whoever found that the run must not go on has cancelled the connection too: the first error is the
    // cause.
    absl::MutexLock lock(&mutex_);
    status = failure_;
  }
  CountLateAnswers(connection);
  summary_.rows_unsettled = UnsettledRows();
  return status;
}

// Best effort after a failure: what was stored meanwhile counts as stored.
void BatchSender::CountLateAnswers(write::AppendConnection& connection) {
  connection.AwaitAnswers(clock_.Now() + kLastAnswers).IgnoreError();
  {
    absl::MutexLock lock(&mutex_);
    std::move(inbox_answers_.begin(), inbox_answers_.end(), std::back_inserter(answers_));
    inbox_answers_.clear();
  }
  for (const Answer& answer : answers_) {
    const auto found = in_flight_.find(answer.request);
    if (!answer.result.status.ok() || found == in_flight_.end()) continue;
    SettleStored(found->second);
    in_flight_.erase(found);
  }
}

absl::Status BatchSender::TakeInbox(absl::Time deadline) {
  std::deque<std::shared_ptr<ChangeBatch>> batches;
  {
    const auto work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return !failure_.ok() || !inbox_answers_.empty() || !inbox_batches_.empty() ||
             (input_ended_ && !no_more_batches_);
    };
    absl::MutexLock lock(&mutex_);
    clock_.AwaitWithDeadline(mutex_, absl::Condition(&work), deadline);
    batches.swap(inbox_batches_);
    std::move(inbox_answers_.begin(), inbox_answers_.end(), std::back_inserter(answers_));
    inbox_answers_.clear();
    no_more_batches_ = input_ended_;
    if (!failure_.ok()) return failure_;
  }
  for (auto& batch : batches) BQCDC_RETURN_IF_ERROR(StartBatch(std::move(batch)));
  return absl::OkStatus();
}

absl::Status BatchSender::StartBatch(std::shared_ptr<ChangeBatch> batch) {
  std::vector<checkpoint::DeadLetterRecord> records;
  std::vector<std::string> sources;
  sources.reserve(batch->bad_rows.size());
  for (const BadRow& bad : batch->bad_rows) {
    sources.push_back(surroundings_.source_name(bad.origin.source));
    records.push_back(
        {sources.back(), bad.sequence, bad.origin.line, bad.reason, bad.message, bad.origin.text});
  }
  BQCDC_RETURN_IF_ERROR(WriteDeadLetters(records));
  if (!batch->rows.empty()) waiting_.push_back(std::move(batch));
  return absl::OkStatus();
}

absl::Status BatchSender::SendWhatFits(write::AppendConnection& connection) {
  const absl::Time now = clock_.Now();
  while (!again_.empty()) {
    Parcel& parcel = again_.front();
    if (parcel.not_before > now) return absl::OkStatus();  // Newer rows wait behind it.
    // Rows that go again are bounded by what was let through before, so they need not wait for room.
    Parcel next = std::move(parcel);
    again_.pop_front();
    BQCDC_RETURN_IF_ERROR(Send(std::move(next), connection));
  }
  while (!waiting_.empty() && connection.HasRoom(waiting_.front()->rows.byte_count())) {
    if (waiting_.front()->own_sequence) {
      if (TiesWithUnsettled(*waiting_.front())) return absl::OkStatus();  // Until the other is settled.
      RememberUnsettled(*waiting_.front());
    }
    Parcel parcel;
    parcel.batch = std::move(waiting_.front());
    waiting_.pop_front();
    BQCDC_RETURN_IF_ERROR(Send(std::move(parcel), connection));
  }
  return absl::OkStatus();
}

absl::Status BatchSender::Send(Parcel parcel, write::AppendConnection& connection) {
  write::AppendRequest request;
  request.destination = parcel.batch->destination;
  // The batch owns its rows; this pointer keeps the batch.
  const std::shared_ptr<const encode::EncodedRows> rows(parcel.batch, &parcel.batch->rows);
  request.rows = parcel.whole ? write::AllRows(rows) : write::ChosenRows(rows, parcel.indexes);
  BQCDC_ASSIGN_OR_RETURN(const std::int64_t number, connection.Append(std::move(request)));
  ++summary_.requests;
  in_flight_.emplace(number, std::move(parcel));
  return absl::OkStatus();
}

absl::Status BatchSender::Settle(const Answer& answer, write::AppendConnection& connection) {
  const auto found = in_flight_.find(answer.request);
  if (found == in_flight_.end())
    return absl::InternalError(absl::StrCat("answer to unknown request ", answer.request));
  Parcel parcel = std::move(found->second);
  in_flight_.erase(found);
  const write::AppendVerdict verdict = write::Classify(answer.result);
  switch (verdict.action) {
    case AppendAction::kNone:
      SettleStored(parcel);
      return absl::OkStatus();
    case AppendAction::kSetRowsAside:
      return SetRowsAside(std::move(parcel), answer.result);
    case AppendAction::kFindBadRows:
      return Halve(std::move(parcel), answer.result);
    case AppendAction::kRetryInTurn:
    case AppendAction::kRetry:
    case AppendAction::kReopen:
    case AppendAction::kCheckTable:
    case AppendAction::kRefetchSchema:
      return SendAgain(std::move(parcel), answer.result, verdict, connection);
    case AppendAction::kHalt:
      break;
  }
  again_.push_back(std::move(parcel));  // It stays unsettled.
  return absl::Status(
      answer.result.status.code(),
      absl::StrCat("the service refused a request: ", std::string(answer.result.status.message()),
                   verdict.hint.empty() ? "" : absl::StrCat(" (", std::string(verdict.hint), ")")));
}

void BatchSender::SettleStored(const Parcel& parcel) {
  refusals_in_a_row_ = 0;
  for (std::size_t i = 0; i < parcel.row_count(); ++i) {
    const std::size_t row = parcel.row_index(i);
    const encode::RowFacts& facts = parcel.batch->rows.facts(row);
    ++(facts.change_type == encode::ChangeType::kUpsert ? summary_.upserts : summary_.deletes);
    if (!parcel.whole) summary_.bytes += static_cast<std::int64_t>(parcel.batch->rows.framed_row(row).size());
    ForgetUnsettled(parcel, row);
  }
  if (parcel.whole) summary_.bytes += static_cast<std::int64_t>(parcel.batch->rows.byte_count());
}

absl::Status BatchSender::SetRowsAside(Parcel parcel, const write::AppendResult& result) {
  std::map<std::size_t, const std::string*> bad;  // by place in the request
  for (const write::RowError& error : result.row_errors) {
    if (error.index >= 0 && static_cast<std::size_t>(error.index) < parcel.row_count()) {
      bad.emplace(static_cast<std::size_t>(error.index), &error.message);
    }
  }
  if (bad.empty()) return Halve(std::move(parcel), result);  // Indexes of no row of ours.
  std::vector<checkpoint::DeadLetterRecord> records;
  std::vector<std::string> sources;
  sources.reserve(bad.size());
  Parcel good;
  good.batch = parcel.batch;
  good.whole = false;
  for (std::size_t i = 0; i < parcel.row_count(); ++i) {
    const std::size_t row = parcel.row_index(i);
    const auto found = bad.find(i);
    if (found == bad.end()) {
      good.indexes.push_back(row);
      continue;
    }
    const RowOrigin& origin = parcel.batch->origins[row];
    sources.push_back(surroundings_.source_name(origin.source));
    records.push_back({sources.back(), parcel.batch->rows.facts(row).sequence, origin.line, kRefused,
                       *found->second, origin.text});
  }
  const absl::Status written = WriteDeadLetters(records);
  if (!written.ok()) {
    again_.push_back(std::move(parcel));
    return written;
  }
  for (const auto& [place, message] : bad) ForgetUnsettled(parcel, parcel.row_index(place));
  if (!good.indexes.empty()) again_.push_back(std::move(good));
  return absl::OkStatus();
}

absl::Status BatchSender::Halve(Parcel parcel, const write::AppendResult& result) {
  const std::size_t count = parcel.row_count();
  if (count == 1) {
    if (++refusals_in_a_row_ > kRefusalsInARowMax) {
      again_.push_back(std::move(parcel));
      return absl::Status(result.status.code(), absl::StrCat("the service refuses row after row: ",
                                                             std::string(result.status.message())));
    }
    write::AppendResult named;
    named.status = result.status;
    named.row_errors.push_back({0, std::string(result.status.message())});
    return SetRowsAside(std::move(parcel), named);
  }
  Parcel halves[2];
  for (std::size_t i = 0; i < count; ++i)
    halves[i < count / 2 ? 0 : 1].indexes.push_back(parcel.row_index(i));
  for (Parcel& half : halves) {
    half.batch = parcel.batch;
    half.whole = false;
    again_.push_back(std::move(half));
  }
  return absl::OkStatus();
}

absl::Status BatchSender::SendAgain(Parcel parcel, const write::AppendResult& result,
                                    const write::AppendVerdict& verdict,
                                    write::AppendConnection& connection) {
  const absl::Time now = clock_.Now();
  if (parcel.first_refusal == absl::InfinitePast()) parcel.first_refusal = now;
  const bool propagation =
      verdict.action == AppendAction::kCheckTable || verdict.action == AppendAction::kRefetchSchema;
  const absl::Duration patience = propagation ? options_.propagation_time_max : options_.retry_time_max;
  absl::Duration pause = kInTurnPause;
  if (verdict.action != AppendAction::kRetryInTurn) {
    pause = options_.pause_first;
    for (int i = 0; i < parcel.attempts && pause < options_.pause_max; ++i) pause *= 2;
    std::minstd_rand random{std::random_device()()};
    pause = std::min(pause, options_.pause_max) * std::uniform_real_distribution<double>(0.5, 1.0)(random);
    ++parcel.attempts;
  }
  absl::Status table;
  if (verdict.action == AppendAction::kCheckTable && surroundings_.check_table)
    table = surroundings_.check_table();
  const bool given_up = now > parcel.first_refusal + patience;
  parcel.not_before = now + pause;
  again_.push_back(std::move(parcel));
  // No answer from REST, whatever its error, is no reason to stop: only that the table is ours no more.
  if (table.code() == absl::StatusCode::kFailedPrecondition) return table;
  if (given_up) {
    return absl::Status(
        result.status.code(),
        absl::StrCat("the service refused a request for ", absl::FormatDuration(patience), ": ",
                     std::string(result.status.message()),
                     verdict.hint.empty() ? "" : absl::StrCat(" (", std::string(verdict.hint), ")")));
  }
  if (verdict.action == AppendAction::kReopen || verdict.action == AppendAction::kRefetchSchema)
    connection.Reopen();
  return absl::OkStatus();
}

absl::Status BatchSender::WriteDeadLetters(const std::vector<checkpoint::DeadLetterRecord>& records) {
  if (records.empty()) return absl::OkStatus();
  BQCDC_RETURN_IF_ERROR(dead_letter_.Append(records));
  for (const checkpoint::DeadLetterRecord& record : records) {
    ++summary_.set_aside;
    if (summary_.set_aside_shown.size() < StreamSummary::kSetAsideShownMax) {
      // The service's texts may hold values of the row: they stay in the file.
      summary_.set_aside_shown.push_back(
          {record.line, std::string(record.source),
           record.reason == kRefused ? "refused by the service; its reason is in the dead letter file"
                                     : std::string(record.message)});
    }
  }
  if (options_.bad_rows_max >= 0 && summary_.set_aside > options_.bad_rows_max) {
    return absl::FailedPreconditionError(
        absl::StrCat("more than ", CountOf(options_.bad_rows_max, "bad row"), " (--max-bad-rows)"));
  }
  return absl::OkStatus();
}

bool BatchSender::TiesWithUnsettled(const ChangeBatch& batch) const {
  if (unsettled_.empty()) return false;
  for (std::size_t row = 0; row < batch.rows.row_count(); ++row) {
    if (unsettled_.contains(KeyAndSequenceHash(batch.rows.facts(row)))) return true;
  }
  return false;
}

void BatchSender::RememberUnsettled(const ChangeBatch& batch) {
  for (std::size_t row = 0; row < batch.rows.row_count(); ++row) {
    unsettled_.insert(KeyAndSequenceHash(batch.rows.facts(row)));
  }
}

void BatchSender::ForgetUnsettled(const Parcel& parcel, std::size_t row) {
  if (!parcel.batch->own_sequence) return;
  unsettled_.erase(KeyAndSequenceHash(parcel.batch->rows.facts(row)));
}

absl::Time BatchSender::NextDeadline() const {
  const absl::Time progress = clock_.Now() + kProgressInterval;
  return again_.empty() ? progress : std::min(progress, again_.front().not_before);
}

std::int64_t BatchSender::UnsettledRows() const {
  std::int64_t rows = 0;
  for (const auto& [number, parcel] : in_flight_) rows += static_cast<std::int64_t>(parcel.row_count());
  for (const Parcel& parcel : again_) rows += static_cast<std::int64_t>(parcel.row_count());
  return rows;
}

}  // namespace bqcdc::pipeline
