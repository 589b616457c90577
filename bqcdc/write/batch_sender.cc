#include "bqcdc/write/batch_sender.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/encode/mutant.h"
#include "bqcdc/write/blamed_column.h"
#include "bqcdc/write/request_builder.h"
#include "bqcdc/write/tie_memory.h"

namespace bqcdc::write {
namespace {

constexpr absl::Duration kProgressInterval = absl::Milliseconds(500);
// Where so many single rows were refused one after the other and none was stored, the fault is not in the
// rows.
constexpr std::int64_t kRefusalsInARowMax = 100;
// Requests queued behind a failed one come back one by one; they pause a little.
constexpr absl::Duration kInTurnPause = absl::Milliseconds(20);
// On failure: for answers that are on their way, so that the summary is as true as can be.
constexpr absl::Duration kLastAnswers = absl::Seconds(5);

std::string WithHint(const AppendVerdict& verdict) {
  return verdict.hint.empty() ? std::string() : absl::StrCat(" (", std::string(verdict.hint), ")");
}

// Equal for rows of one table with equal keys and sequence numbers.
std::uint64_t TieHash(const RowBatch& batch, std::size_t row) {
  return batch.rows.facts(row).tie_hash ^ (static_cast<std::uint64_t>(batch.table) * 0x9E3779B97F4A7C15ULL);
}

}  // namespace

BatchSender::BatchSender(BatchSenderOptions options, BatchSenderSurroundings surroundings,
                         SettlementHandler& settlement, const base::Clock& clock)
    : options_(options), surroundings_(std::move(surroundings)), settlement_(settlement), clock_(clock) {}

BatchSender::~BatchSender() = default;

void BatchSender::OnResult(int connection, std::int64_t request, AppendResult result) {
  absl::MutexLock lock(&mutex_);
  inbox_answers_.push_back({connection, request, std::move(result)});
}

void BatchSender::OnSchemaRefused(int connection) {
  absl::MutexLock lock(&mutex_);
  inbox_schema_refused_.insert(connection);
}

void BatchSender::Fail(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (failure_.ok()) failure_ = status;
}

bool BatchSender::Push(std::shared_ptr<RowBatch> batch) {
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return false;
  inbox_batches_.push_back(std::move(batch));
  return true;
}

void BatchSender::EndInput() {
  absl::MutexLock lock(&mutex_);
  input_ended_ = true;
}

int BatchSender::lanes_wanted(int table) const {
  absl::MutexLock lock(&mutex_);
  const auto found = lanes_wanted_.find(table);
  return found == lanes_wanted_.end() ? 1 : found->second;
}

std::unique_ptr<ConnectionPool> BatchSender::MakePool(ConnectionPoolOptions options, ChannelFactory channels,
                                                      std::function<absl::Status()> still_ours,
                                                      std::function<void(const std::string& text)> warn) {
  options.connection.before_open = [still_ours = std::move(still_ours), warn = std::move(warn)](
                                       bool again, const absl::Status& why) {
    if (again && warn) {
      warn(absl::StrCat("append connection ended, opening it again: ",
                        why.ok() ? std::string("the server closed it") : std::string(why.message())));
    }
    const absl::Status status = still_ours();
    // No answer from REST is no reason to stop; the service that ended the call may come back with it.
    return status.ok() || absl::IsFailedPrecondition(status) ? status
                                                             : absl::UnavailableError(status.message());
  };
  options.on_schema_refused = [this](int connection) { OnSchemaRefused(connection); };
  return std::make_unique<ConnectionPool>(
      std::move(options), std::move(channels), clock_,
      [this](int connection, std::int64_t request, AppendResult result) {
        OnResult(connection, request, std::move(result));
      },
      [this](const absl::Status& status) { Fail(status); });
}

absl::Status BatchSender::Run(ConnectionPool& pool) {
  pool_ = &pool;
  absl::Status status;
  while (status.ok()) {
    status = TakeInbox(NextDeadline());
    // Answers that came with a failure are settled still.
    while (!answers_.empty() && (status.ok() || answers_.front().result.status.ok())) {
      const Answer answer = std::move(answers_.front());
      answers_.pop_front();
      const absl::Status settled = Settle(answer);
      if (status.ok()) status = settled;
    }
    for (const int connection : std::exchange(schema_refused_, {})) RefetchSchemas(connection);
    if (status.ok()) status = SendWhatFits();
    if (surroundings_.on_progress) surroundings_.on_progress();
    if (status.ok() && no_more_batches_ && batches_open_ == 0) return status;
  }
  Fail(status);
  if (absl::IsCancelled(status)) pool_->Cancel();
  CountLateAnswers();
  unsettled_rows_ = CountUnsettledRows();
  LetGo();
  return failure();
}

absl::Status BatchSender::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

void BatchSender::LetGo() {
  in_flight_.clear();
  tables_.clear();
  absl::MutexLock lock(&mutex_);
  inbox_batches_.clear();
}

// Best effort after a failure: what was stored meanwhile counts as stored.
void BatchSender::CountLateAnswers() {
  // Where nothing has left, nothing can be answered.
  if (pool_->stats().requests_written > 0) pool_->AwaitAnswers(clock_.Now() + kLastAnswers).IgnoreError();
  {
    absl::MutexLock lock(&mutex_);
    std::move(inbox_answers_.begin(), inbox_answers_.end(), std::back_inserter(answers_));
    inbox_answers_.clear();
  }
  for (const Answer& answer : answers_) {
    const auto found = in_flight_.find({answer.connection, answer.request});
    if (!answer.result.status.ok() || found == in_flight_.end()) continue;
    const Parcel parcel = std::move(found->second);
    in_flight_.erase(found);
    SettleStored(parcel);
  }
}

absl::Status BatchSender::TakeInbox(absl::Time deadline) {
  std::deque<BatchPtr> batches;
  {
    const auto work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return !failure_.ok() || !inbox_answers_.empty() || !inbox_batches_.empty() ||
             !inbox_schema_refused_.empty() || (input_ended_ && !no_more_batches_);
    };
    absl::MutexLock lock(&mutex_);
    clock_.AwaitWithDeadline(mutex_, absl::Condition(&work), deadline);
    batches.swap(inbox_batches_);
    std::move(inbox_answers_.begin(), inbox_answers_.end(), std::back_inserter(answers_));
    inbox_answers_.clear();
    schema_refused_.merge(inbox_schema_refused_);
    inbox_schema_refused_.clear();
    no_more_batches_ = input_ended_;
    if (!failure_.ok()) return failure_;
  }
  for (auto& batch : batches) BQCDC_RETURN_IF_ERROR(StartBatch(std::move(batch)));
  return absl::OkStatus();
}

BatchSender::Table& BatchSender::TableOf(const RowBatch& batch) {
  std::unique_ptr<Table>& table = tables_[batch.table];
  if (table == nullptr) {
    table = std::make_unique<Table>(LaneScaler(options_.scaling, clock_.Now()));
    table->generation = batch.generation;
  }
  return *table;
}

absl::Status BatchSender::StartBatch(BatchPtr batch) {
  BQCDC_RETURN_IF_ERROR(settlement_.OnStart(*batch));
  batch->unsettled_rows = batch->rows.row_count();
  if (batch->unsettled_rows == 0) {
    settlement_.OnSettled(batch);
    return absl::OkStatus();
  }
  ++batches_open_;
  Table& table = TableOf(*batch);
  const bool no_barrier = encode::Mutated(encode::Mutant::kLaneChangeWithoutBarrier);
  if (no_barrier ||
      (table.held.empty() && (batch->generation == table.generation || table.batches_unsettled == 0))) {
    EnterLane(table, std::move(batch));
  } else {
    table.held.push_back(std::move(batch));
  }
  return absl::OkStatus();
}

void BatchSender::EnterLane(Table& table, BatchPtr batch) {
  table.generation = batch->generation;
  ++table.batches_unsettled;
  Lane& lane = table.lanes[batch->lane];
  lane.waiting.push_back(std::move(batch));
}

void BatchSender::ReleaseHeld(Table& table) {
  while (!table.held.empty() &&
         (table.batches_unsettled == 0 || table.held.front()->generation == table.generation)) {
    BatchPtr batch = std::move(table.held.front());
    table.held.pop_front();
    EnterLane(table, std::move(batch));
  }
}

absl::Status BatchSender::SendWhatFits() {
  looked_at_ = clock_.Now();
  for (auto& [index, table] : tables_) {
    table->waits_for_room = false;
    for (auto& [number, lane] : table->lanes) BQCDC_RETURN_IF_ERROR(SendLane(*table, lane));
  }
  ScaleLanes();
  pool_->LeaveLostPeers();
  pool_->CloseIdle();
  return absl::OkStatus();
}

absl::Status BatchSender::SendLane(Table& table, Lane& lane) {
  const absl::Time now = looked_at_;
  if (lane.empty()) {
    if (lane.connection >= 0 && now >= lane.used + options_.lane_idle_max) {
      pool_->Unbind(lane.connection);
      lane.connection = -1;
    }
    return absl::OkStatus();
  }
  lane.used = now;
  if (lane.connection < 0) BQCDC_RETURN_IF_ERROR(BindLane(table, lane));
  const AppendConnection& connection = pool_->at(lane.connection);
  while (!lane.again.empty()) {
    const Parcel& parcel = lane.again.front();
    if (parcel.not_before > now) return absl::OkStatus();  // Newer rows wait behind it.
    if (!connection.HasRoom(parcel.batch->rows.byte_count())) return absl::OkStatus();
    Parcel next = std::move(lane.again.front());
    lane.again.pop_front();
    BQCDC_RETURN_IF_ERROR(Send(table, lane, std::move(next)));
  }
  while (!lane.waiting.empty()) {
    // The rest waits for answers; more lanes would not bring them sooner.
    if (surroundings_.latency_target != nullptr &&
        lane.requests_in_flight >= surroundings_.latency_target->requests_in_flight())
      return absl::OkStatus();
    if (!connection.HasRoom(lane.waiting.front()->rows.byte_count())) {
      table.waits_for_room = true;
      return absl::OkStatus();
    }
    if (lane.waiting.front()->ties_possible) {
      if (TiesWithUnsettled(*lane.waiting.front())) return absl::OkStatus();  // Until the other is settled.
      RememberUnsettled(*lane.waiting.front());
    }
    Parcel parcel;
    parcel.batch = std::move(lane.waiting.front());
    parcel.queued = parcel.batch->handed_on;
    lane.waiting.pop_front();
    BQCDC_RETURN_IF_ERROR(Send(table, lane, std::move(parcel)));
  }
  return absl::OkStatus();
}

absl::Status BatchSender::BindLane(const Table& table, Lane& lane) {
  std::vector<int> used;
  for (const auto& [number, other] : table.lanes) {
    if (other.connection >= 0) used.push_back(other.connection);
  }
  BQCDC_ASSIGN_OR_RETURN(lane.connection, pool_->Bind(used));
  return absl::OkStatus();
}

absl::Status BatchSender::Send(const Table& table, Lane& lane, Parcel parcel) {
  AppendRequest request;
  request.destination = parcel.batch->destination;
  if (encode::Mutated(encode::Mutant::kNewSchemaForOldBatch) && !lane.waiting.empty())
    request.destination = lane.waiting.back()->destination;
  const auto narrowing = table.narrowings.find(request.destination);
  if (narrowing != table.narrowings.end() && narrowing->second.narrowed != nullptr) {
    const absl::Status left_out = SetAsideWithLostColumns(*narrowing->second.narrowed, parcel);
    if (!left_out.ok()) lane.again.push_front(std::move(parcel));  // It stays unsettled.
    if (!left_out.ok() || parcel.row_count() == 0) return left_out;
    request.destination = narrowing->second.narrowed->destination();
  }
  // The batch owns its rows; this pointer keeps the batch.
  const std::shared_ptr<const encode::EncodedRows> rows(parcel.batch, &parcel.batch->rows);
  request.rows = parcel.rows.whole ? AllRows(rows) : ChosenRows(rows, parcel.rows.indexes);
  const absl::StatusOr<std::int64_t> number = pool_->at(lane.connection).Append(std::move(request));
  if (!number.ok()) {
    lane.again.push_front(std::move(parcel));  // It stays unsettled.
    return number.status();
  }
  ++stats_.requests;
  ++lane.requests_in_flight;
  parcel.handed_over = looked_at_;
  if (parcel.first_handed_over == absl::InfinitePast()) parcel.first_handed_over = looked_at_;
  in_flight_.emplace(std::pair(lane.connection, *number), std::move(parcel));
  return absl::OkStatus();
}

absl::Status BatchSender::Settle(const Answer& answer) {
  const auto found = in_flight_.find({answer.connection, answer.request});
  if (found == in_flight_.end())
    return absl::InternalError(absl::StrCat("answer to unknown request ", answer.request));
  Parcel parcel = std::move(found->second);
  in_flight_.erase(found);
  Lane& lane = LaneOf(*parcel.batch);
  --lane.requests_in_flight;
  if (answer.result.schema_updated && surroundings_.on_schema_changed) {
    surroundings_.on_schema_changed(parcel.batch->table);
  }
  const AppendVerdict verdict = Classify(answer.result);
  TellAnswer(parcel, answer.result, verdict.action);
  if (verdict.action != AppendAction::kNone) ++stats_.errors[verdict.action];
  switch (verdict.action) {
    case AppendAction::kNone:
      SettleStored(parcel);
      return absl::OkStatus();
    case AppendAction::kSetRowsAside:
      ++stats_.refusals;
      return SetRowsAside(std::move(parcel), answer.result);
    case AppendAction::kFindBadRows:
      ++stats_.refusals;
      return Halve(std::move(parcel), answer.result);
    case AppendAction::kRetryInTurn:
      if (encode::Mutated(encode::Mutant::kAbortedTakenForStored)) {
        SettleStored(parcel);
        return absl::OkStatus();
      }
      [[fallthrough]];
    case AppendAction::kRetry:
    case AppendAction::kReopen:
    case AppendAction::kCheckTable:
    case AppendAction::kRefetchSchema:
      ++stats_.retries;
      return SendAgain(std::move(parcel), answer.result, verdict, answer.connection);
    case AppendAction::kHalt:
      break;
  }
  lane.again.push_back(std::move(parcel));  // It stays unsettled.
  return absl::Status(answer.result.status.code(),
                      absl::StrCat("the service refused a request: ",
                                   std::string(answer.result.status.message()), WithHint(verdict)));
}

void BatchSender::TellAnswer(const Parcel& parcel, const AppendResult& result, AppendAction action) const {
  if (!surroundings_.on_answer && surroundings_.latency_target == nullptr) return;
  const RowBatch& batch = *parcel.batch;
  AnsweredRequest answered;
  answered.rows = static_cast<std::int64_t>(parcel.row_count());
  if (parcel.rows.whole) {
    answered.bytes = static_cast<std::int64_t>(batch.rows.byte_count());
  } else {
    for (const std::size_t row : parcel.rows.indexes)
      answered.bytes += static_cast<std::int64_t>(batch.rows.framed_row(row).size());
  }
  answered.first = parcel.rows.whole && parcel.refused_for == absl::ZeroDuration();
  answered.filled = batch.handed_on - batch.begun;
  answered.encoded = batch.encoding;
  if (parcel.queued != absl::InfinitePast()) answered.waited = parcel.handed_over - parcel.queued;
  answered.waited = std::max(answered.waited, absl::ZeroDuration()) + result.timing.waited;
  answered.timing = result.timing;
  answered.action = action;
  answered.since_first_sent =
      parcel.handed_over - parcel.first_handed_over + result.timing.waited + result.timing.answered;
  if (surroundings_.latency_target != nullptr && answered.first && action == AppendAction::kNone)
    surroundings_.latency_target->OnAnswer({answered.filled + answered.waited, answered.timing.answered});
  if (surroundings_.on_answer) surroundings_.on_answer(answered);
}

void BatchSender::SettleStored(const Parcel& parcel) {
  Table& table = TableOf(*parcel.batch);
  table.refusals_in_a_row = 0;
  table.bytes_acknowledged += static_cast<std::int64_t>(parcel.batch->rows.byte_count());
  const std::size_t count = parcel.row_count();
  if (parcel.batch->ties_possible) {
    for (std::size_t i = 0; i < count; ++i) ForgetUnsettled(parcel, parcel.rows.at(i));
  }
  settlement_.OnStored(*parcel.batch, parcel.rows);
  CountSettled(parcel.batch, count);
}

void BatchSender::CountSettled(const BatchPtr& batch, std::size_t rows) {
  batch->unsettled_rows -= rows;
  if (batch->unsettled_rows > 0) return;
  settlement_.OnSettled(batch);
  --batches_open_;
  Table& table = TableOf(*batch);
  --table.batches_unsettled;
  if (table.batches_unsettled == 0) ReleaseHeld(table);
}

absl::Status BatchSender::SetRowsAside(Parcel parcel, const AppendResult& result) {
  std::map<std::size_t, const std::string*> bad;  // by place in the request
  for (const RowError& error : result.row_errors) {
    if (error.index >= 0 && static_cast<std::size_t>(error.index) < parcel.row_count()) {
      bad.emplace(static_cast<std::size_t>(error.index), &error.message);
    }
  }
  if (bad.empty()) return Halve(std::move(parcel), result);  // Indexes of no row of ours.
  std::vector<RefusedRow> refused;
  for (const auto& [place, message] : bad) {
    refused.push_back({place, *message, RefusalReason::kRefused,
                       std::string(BlamedColumn(*message, parcel.batch->destination->columns))});
  }
  const absl::Status written = SetAside(parcel, std::move(refused));
  if (parcel.row_count() == 0) return written;
  if (written.ok() && encode::Mutated(encode::Mutant::kGoodRowsOfRefusedDropped)) {
    SettleStored(parcel);
  } else {
    LaneOf(*parcel.batch).again.push_back(std::move(parcel));
  }
  return written;
}

absl::Status BatchSender::SetAside(Parcel& parcel, std::vector<RefusedRow> refused) {
  Parcel rest;
  rest.batch = parcel.batch;
  rest.first_handed_over = parcel.first_handed_over;
  rest.queued = clock_.Now();
  rest.rows.whole = false;
  auto next = refused.begin();
  for (std::size_t place = 0; place < parcel.row_count(); ++place) {
    const std::size_t row = encode::Mutated(encode::Mutant::kIndexesOfBatch) ? place : parcel.rows.at(place);
    if (next != refused.end() && next->index == place) {
      next->index = row;
      ++next;
    } else {
      rest.rows.indexes.push_back(row);
    }
  }
  BQCDC_RETURN_IF_ERROR(settlement_.OnRefused(*parcel.batch, refused));
  if (parcel.batch->ties_possible) {
    for (const RefusedRow& row : refused) ForgetUnsettled(parcel, row.index);
  }
  parcel = std::move(rest);
  CountSettled(parcel.batch, refused.size());
  return absl::OkStatus();
}

absl::Status BatchSender::Halve(Parcel parcel, const AppendResult& result) {
  Table& table = TableOf(*parcel.batch);
  Lane& lane = LaneOf(*parcel.batch);
  const std::size_t count = parcel.row_count();
  if (count == 1) {
    if (++table.refusals_in_a_row > kRefusalsInARowMax) {
      lane.again.push_back(std::move(parcel));
      // Its texts may hold values of rows: they go where those rows went.
      return absl::Status(result.status.code(),
                          absl::StrCat("the service refuses row after row: its reasons for the last ",
                                       kRefusalsInARowMax, " are with the rows that were set aside"));
    }
    AppendResult named;
    named.status = result.status;
    named.row_errors.push_back({0, std::string(result.status.message())});
    return SetRowsAside(std::move(parcel), named);
  }
  Parcel halves[2];
  for (std::size_t i = 0; i < count; ++i)
    halves[i < count / 2 ? 0 : 1].rows.indexes.push_back(parcel.rows.at(i));
  for (Parcel& half : halves) {
    half.batch = parcel.batch;
    half.first_handed_over = parcel.first_handed_over;
    half.queued = clock_.Now();
    half.rows.whole = false;
    if (encode::Mutated(encode::Mutant::kHalfSettlesAll) && &half == &halves[1]) {
      SettleStored(half);
      continue;
    }
    lane.again.push_back(std::move(half));
  }
  return absl::OkStatus();
}

PatienceLimit BatchSender::LimitReached(Parcel& parcel, const AppendResult& result,
                                        AppendAction action) const {
  const Patience& patience = options_.patience;
  if (action == AppendAction::kCheckTable || action == AppendAction::kRefetchSchema)
    return parcel.refused_for > patience.schema_time_max ? PatienceLimit::kSchemaTime : PatienceLimit::kNone;
  // What came behind a failed request, or behind a schema that was refused, was not looked at for itself.
  if (action != AppendAction::kRetryInTurn && !result.schema_may_be_unknown) ++parcel.refusals;
  if (parcel.refused_for > patience.retry_time_max) return PatienceLimit::kRetryTime;
  return patience.retry_attempts_max > 0 && parcel.refusals >= patience.retry_attempts_max
             ? PatienceLimit::kRetryAttempts
             : PatienceLimit::kNone;
}

absl::Status BatchSender::SendAgain(Parcel parcel, const AppendResult& result, const AppendVerdict& verdict,
                                    int connection) {
  const absl::Time now = clock_.Now();
  // Only the service's own refusals use up patience: not the time that calls were silent, lost or closed.
  parcel.refused_for += result.timing.answered;
  absl::Duration pause = kInTurnPause;
  if (verdict.action != AppendAction::kRetryInTurn) {
    pause = options_.pause_first;
    for (int i = 0; i < parcel.pauses && pause < options_.pause_max; ++i) pause *= 2;
    pause = std::min(pause, options_.pause_max) * std::uniform_real_distribution<double>(0.5, 1.0)(random_);
    ++parcel.pauses;
  }
  if (verdict.action == AppendAction::kRefetchSchema) RefetchSchema(*parcel.batch);
  absl::Status table;
  if (verdict.action == AppendAction::kCheckTable && surroundings_.check_table)
    table = surroundings_.check_table(parcel.batch->table);
  const PatienceLimit limit = LimitReached(parcel, result, verdict.action);
  parcel.refused_for += pause;
  parcel.not_before = now + pause;
  parcel.queued = now;
  Lane& lane = LaneOf(*parcel.batch);
  lane.again.push_back(std::move(parcel));
  // No answer from REST, whatever its error, is no reason to stop: only that the table is ours no more.
  if (table.code() == absl::StatusCode::kFailedPrecondition) return table;
  if (limit != PatienceLimit::kNone) {
    return absl::Status(
        result.status.code(),
        absl::StrCat("the service refused a request ", DescribeLimit(options_.patience, limit), ": ",
                     std::string(result.status.message()), WithHint(verdict)));
  }
  if (verdict.action == AppendAction::kReopen || verdict.action == AppendAction::kRefetchSchema)
    pool_->at(connection).Reopen();
  return absl::OkStatus();
}

void BatchSender::RefetchSchemas(int connection) {
  for (auto parcel = in_flight_.lower_bound({connection, 0});
       parcel != in_flight_.end() && parcel->first.first == connection; ++parcel)
    RefetchSchema(*parcel->second.batch);
}

void BatchSender::RefetchSchema(const RowBatch& batch) {
  if (surroundings_.on_schema_changed) surroundings_.on_schema_changed(batch.table);
  LookForLostColumns(batch);
}

// The service refuses the schema that the batch was encoded with: the table may lack columns by now.
void BatchSender::LookForLostColumns(const RowBatch& batch) {
  if (!surroundings_.current_schema) return;
  std::shared_ptr<const schema::TableSchema> current = surroundings_.current_schema(batch.table);
  Narrowing& narrowing = TableOf(batch).narrowings[batch.destination];
  if (current == nullptr || narrowing.seen == current) return;
  narrowing.narrowed = NarrowedDestination::Create(*batch.destination, *current);
  narrowing.seen = std::move(current);
}

absl::Status BatchSender::SetAsideWithLostColumns(const NarrowedDestination& narrowed, Parcel& parcel) {
  std::vector<RefusedRow> refused;
  for (std::size_t place = 0; place < parcel.row_count(); ++place) {
    const std::string_view lost = narrowed.FindLost(parcel.batch->rows.row(parcel.rows.at(place)));
    if (lost.empty()) continue;
    refused.push_back({place,
                       absl::StrCat("column ", std::string(lost), ": the table has no such column any more"),
                       RefusalReason::kUnknownColumn, std::string(lost)});
  }
  return refused.empty() ? absl::OkStatus() : SetAside(parcel, std::move(refused));
}

void BatchSender::ScaleLanes() {
  const absl::Time now = clock_.Now();
  for (auto& [index, table] : tables_) {
    const int before = table->scaler.lanes();
    const int lanes = table->scaler.Update(now, table->waits_for_room, table->bytes_acknowledged);
    if (lanes == before) continue;
    absl::MutexLock lock(&mutex_);
    lanes_wanted_[index] = lanes;
  }
}

bool BatchSender::TiesWithUnsettled(const RowBatch& batch) const {
  if (unsettled_.empty() || encode::Mutated(encode::Mutant::kTiesUnderWayTogether)) return false;
  for (std::size_t row = 0; row < batch.rows.row_count(); ++row) {
    if (unsettled_.contains(TieHash(batch, row))) return true;
  }
  return false;
}

void BatchSender::RememberUnsettled(const RowBatch& batch) {
  for (std::size_t row = 0; row < batch.rows.row_count(); ++row) {
    unsettled_.insert(TieHash(batch, row));
  }
}

void BatchSender::ForgetUnsettled(const Parcel& parcel, std::size_t row) {
  unsettled_.erase(TieHash(*parcel.batch, row));
}

absl::Time BatchSender::NextDeadline() const {
  absl::Time deadline = clock_.Now() + kProgressInterval;
  for (const auto& [index, table] : tables_) {
    for (const auto& [number, lane] : table->lanes) {
      // One whose time has come waits for room, and so for an answer.
      if (!lane.again.empty() && lane.again.front().not_before > looked_at_) {
        deadline = std::min(deadline, lane.again.front().not_before);
      }
    }
  }
  return deadline;
}

std::int64_t BatchSender::CountUnsettledRows() const {
  std::int64_t rows = 0;
  for (const auto& [request, parcel] : in_flight_) rows += static_cast<std::int64_t>(parcel.row_count());
  for (const auto& [index, table] : tables_) {
    for (const auto& [number, lane] : table->lanes) {
      for (const Parcel& parcel : lane.again) rows += static_cast<std::int64_t>(parcel.row_count());
    }
  }
  return rows;
}

}  // namespace bqcdc::write
