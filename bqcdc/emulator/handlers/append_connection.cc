#include "bqcdc/emulator/handlers/append_connection.h"

#include <algorithm>
#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/handlers/append_errors.h"
#include "bqcdc/emulator/handlers/append_response.h"

namespace bqcdc::emulator::handlers {
namespace {

// A request whose table changed its columns this often while it waited is given up.
constexpr int kDecodesMax = 20;

// The message in one piece. gRPC hands small messages over in one slice; larger ones are joined by one copy,
// which is a small part of decoding them.
grpc::Slice OnePiece(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (buffer.TrySingleSlice(&slice).ok() || buffer.DumpToSingleSlice(&slice).ok()) return slice;
  return grpc::Slice();
}

std::string_view View(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

std::shared_ptr<AppendConnection> AppendConnection::Start(const AppendContext& context,
                                                          DoneFunction on_done) {
  std::shared_ptr<AppendConnection> connection(new AppendConnection(context, std::move(on_done)));
  connection->self_ = connection;
  context.counters.connections_open++;
  context.counters.connections_total++;
  connection->Act();
  return connection;
}

AppendConnection::AppendConnection(const AppendContext& context, DoneFunction on_done)
    : context_(context),
      on_done_(std::move(on_done)),
      session_(context.database, context.clock, context.evaluate_default, context.options, context.schemas,
               context.propagation),
      last_traffic_(context.clock.Now()) {}

absl::Time AppendConnection::CloseIfIdle(absl::Time idle_before) {
  const std::shared_ptr<AppendConnection> keep = shared_from_this();
  absl::Time last;
  {
    absl::MutexLock lock(&mutex_);
    last = last_traffic_;
    if (!entries_.empty() || finished_ || close_status_ || last > idle_before) return last;
    close_status_ = WithEntity(IdleFor(absl::ToInt64Seconds(context_.options.idle_timeout)), entity_);
    context_.counters.connections_idle_closed++;
  }
  Act();
  return last;
}

void AppendConnection::Close(absl::Status status) {
  const std::shared_ptr<AppendConnection> keep = shared_from_this();
  {
    absl::MutexLock lock(&mutex_);
    if (!close_status_) close_status_ = std::move(status);
  }
  Act();
}

void AppendConnection::OnReadDone(bool ok) {
  const std::shared_ptr<AppendConnection> keep = shared_from_this();
  {
    absl::MutexLock lock(&mutex_);
    reading_ = false;
    if (!ok) {
      reads_done_ = true;
    } else if (!finished_ && !ending_) {
      auto entry = std::make_shared<Entry>();
      entry->number = next_number_++;
      entry->request.Swap(&read_buffer_);
      entry->size = static_cast<int64_t>(entry->request.Length());
      bytes_ += entry->size;
      context_.budget.Add(entry->size);
      context_.counters.requests++;
      context_.counters.bytes_received += entry->size;
      last_traffic_ = context_.clock.Now();
      entries_.push_back(entry);
      held_.emplace(entry->number, std::move(entry));
    }
  }
  if (ok) Pump();
  Act();
}

void AppendConnection::OnWriteDone(bool ok) {
  const std::shared_ptr<AppendConnection> keep = shared_from_this();
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) cancelled_ = true;
  }
  Act();
}

void AppendConnection::OnCancel() {
  const std::shared_ptr<AppendConnection> keep = shared_from_this();
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
  }
  Act();
}

void AppendConnection::OnDone() {
  context_.counters.connections_open--;
  const std::shared_ptr<AppendConnection> keep = std::move(self_);
  on_done_(this);
}

void AppendConnection::Pump() {
  {
    absl::MutexLock lock(&mutex_);
    pump_again_ = true;
    if (pumping_) return;
    pumping_ = true;
  }
  for (;;) {
    EntryPointer entry;
    {
      absl::MutexLock lock(&mutex_);
      if (!std::exchange(pump_again_, false) || held_.empty()) {
        pumping_ = false;
        return;
      }
      entry = held_.begin()->second;
    }
    while (PumpOne(entry)) {
      absl::MutexLock lock(&mutex_);
      if (held_.empty()) break;
      entry = held_.begin()->second;
    }
  }
}

// Decodes the first held entry and hands it to the database, or settles it. False: it has to wait until the
// commits in flight are done.
bool AppendConnection::PumpOne(const EntryPointer& entry) {
  absl::Status status = ResolveEntry(*entry);
  AppendSession::Decoded decoded;
  if (status.ok()) {
    decoded = session_.Decode(*entry->resolved);
    status = decoded.status;
    entry->row_count = static_cast<int64_t>(decoded.row_count);
  }
  {
    absl::MutexLock lock(&mutex_);
    if (ending_) {
      DropHeldLocked();
      return true;
    }
    if (status.ok()) {
      // Rows decoded for the new columns must not overtake rows that were decoded for the old ones and will
      // be refused and decoded again: changes without a number count in the order of their requests.
      const auto before = version_in_flight_.find(decoded.batch.table_uid);
      if (commits_in_flight_ > 0 && before != version_in_flight_.end() &&
          before->second != decoded.batch.schema_version) {
        return false;
      }
      if (commits_in_flight_ == 0) version_in_flight_.clear();
      version_in_flight_[decoded.batch.table_uid] = decoded.batch.schema_version;
      ++commits_in_flight_;
      entry->table = std::move(decoded.table);
      entry->columns_known = decoded.columns_known;
      entry->stream = decoded.batch.stream;
      ++entry->tries;
      // Wide tables take more in memory than on the wire, and it is memory that the limits are about.
      const int64_t more = std::max<int64_t>(0, decoded.batch.bytes - entry->size);
      entry->size += more;
      bytes_ += more;
      context_.budget.Grow(more);
    }
    held_.erase(entry->number);
    if (entry->destination != nullptr) entity_ = entry->destination->stream.Entity();
    if (EndsRpc(status)) {
      EndLocked(entry, WithEntity(status, entity_));
      DropHeldLocked();
      return true;
    }
    if (!status.ok()) {
      entry->faults = std::move(decoded.faults);
      SettleLocked(entry, std::move(status));
      return true;
    }
  }
  context_.database.Append(std::move(decoded.batch), [self = shared_from_this(), entry](absl::Status result) {
    self->OnDurable(entry, result);
  });
  return true;
}

absl::Status AppendConnection::ResolveEntry(Entry& entry) {
  if (entry.resolved) return absl::OkStatus();
  const int64_t limit = context_.options.request_bytes_max;
  absl::Status too_large;
  if (entry.size > limit) too_large = RequestTooLarge(entry.size, limit);
  entry.bytes = OnePiece(entry.request);
  entry.request.Clear();
  BQCDC_ASSIGN_OR_RETURN(AppendRequest request, ParseAppendRequest(View(entry.bytes)));
  auto resolved = session_.Resolve(std::move(request), &entry.destination);
  if (!too_large.ok()) return too_large;
  if (!resolved.ok()) return resolved.status();
  entry.resolved = *std::move(resolved);
  return absl::OkStatus();
}

// On the committing thread: nothing slow happens here.
void AppendConnection::OnDurable(const EntryPointer& entry, const absl::Status& status) {
  bool pump = false;
  {
    absl::MutexLock lock(&mutex_);
    --commits_in_flight_;
    if (status.code() == absl::StatusCode::kAborted && entry->tries < kDecodesMax && !ending_) {
      held_.emplace(entry->number, entry);
      context_.counters.requests_decoded_again++;
    } else if (const auto refusal = engine::RefusalOf(status)) {
      SettleLocked(entry, StreamError(*refusal));
    } else if (status.code() == absl::StatusCode::kNotFound) {
      SettleLocked(entry, TableGone(entry->destination->stream.table));
    } else if (status.code() == absl::StatusCode::kUnavailable) {
      EndLocked(entry, status);  // as where a server restarts: clients send again what has no answer
    } else {
      if (status.ok()) context_.counters.rows_accepted += entry->row_count;
      SettleLocked(entry, status);
    }
    pump = (commits_in_flight_ == 0 || ending_) && !held_.empty();
  }
  if (pump) context_.worker.Post([self = shared_from_this()] { self->Pump(), self->Act(); });
  Act();
}

void AppendConnection::EndLocked(const EntryPointer& entry, absl::Status status) {
  ending_ = true;
  SettleLocked(entry, status);
  const auto last = std::find(entries_.begin(), entries_.end(), entry);
  entries_.erase(last, entries_.end());
  if (!close_status_) close_status_ = std::move(status);
}

void AppendConnection::DropHeldLocked() {
  for (const auto& [number, later] : held_) SettleLocked(later, *close_status_);
  held_.clear();
}

void AppendConnection::SettleLocked(const EntryPointer& entry, absl::Status status) {
  if (!status.ok()) context_.counters.requests_refused++;
  entry->status = std::move(status);
  entry->ready = true;
  entry->resolved.reset();
  entry->bytes = grpc::Slice();
  bytes_ -= entry->size;
  released_bytes_ += entry->size;
  ++released_requests_;
}

// The budget wakes other connections, which take their own locks: not under this one's.
void AppendConnection::ReleaseBudget() {
  int64_t bytes;
  int64_t requests;
  {
    absl::MutexLock lock(&mutex_);
    bytes = std::exchange(released_bytes_, 0);
    requests = std::exchange(released_requests_, 0);
  }
  if (requests > 0) context_.budget.Remove(bytes, requests);
}

void AppendConnection::Act() {
  ReleaseBudget();
  {
    absl::MutexLock lock(&mutex_);
    if (acting_) {
      act_again_ = true;
      return;
    }
    acting_ = true;
  }
  for (;;) {
    Action action;
    grpc::Status finish_status;
    {
      absl::MutexLock lock(&mutex_);
      action = NextAction();
      if (action == Action::kNone) {
        if (std::exchange(act_again_, false)) continue;
        acting_ = false;
        return;
      }
      if (action == Action::kFinish && close_status_) finish_status = RpcStatus(*close_status_);
      if (action == Action::kFinish && cancelled_) finish_status = grpc::Status::CANCELLED;
    }
    if (action == Action::kRead) StartRead(&read_buffer_);
    if (action == Action::kWrite) StartWrite(&write_buffer_);
    if (action == Action::kFinish) Finish(finish_status);
  }
}

AppendConnection::Action AppendConnection::NextAction() {
  if (finished_) return Action::kNone;
  if (!writing_ && !cancelled_ && !entries_.empty() && entries_.front()->ready) {
    PrepareResponse();
    writing_ = true;
    return Action::kWrite;
  }
  const bool over = cancelled_ || (entries_.empty() && (reads_done_ || close_status_.has_value()));
  if (over && !writing_) {
    finished_ = true;
    return Action::kFinish;
  }
  if (!over && MayRead()) {
    reading_ = true;
    return Action::kRead;
  }
  return Action::kNone;
}

bool AppendConnection::MayRead() {
  if (reading_ || reads_done_ || close_status_ || waiting_for_budget_ || !held_.empty()) return false;
  if (entries_.size() >= context_.options.connection_requests_max) return false;
  if (bytes_ >= context_.options.connection_bytes_max) return false;
  if (context_.budget.HasRoomOrWait([weak = weak_from_this()] {
        const std::shared_ptr<AppendConnection> self = weak.lock();
        if (self == nullptr) return;
        {
          absl::MutexLock lock(&self->mutex_);
          self->waiting_for_budget_ = false;
        }
        self->Act();
      })) {
    return true;
  }
  waiting_for_budget_ = true;
  return false;
}

void AppendConnection::PrepareResponse() {
  const EntryPointer entry = std::move(entries_.front());
  entries_.pop_front();
  last_traffic_ = context_.clock.Now();
  const schema::TableSchema* updated = nullptr;
  if (entry->status.ok() && entry->columns_known &&
      entry->table->columns_version != entry->destination->announced_version) {
    entry->destination->announced_version = entry->table->columns_version;
    updated = &entry->table->schema;
  }
  std::optional<int64_t> offset;
  if (entry->stream != nullptr) offset = entry->stream->stored_offset;
  write_buffer_ = MakeAppendResponse(entry->destination.get(), entry->status, offset, entry->faults, updated);
}

}  // namespace bqcdc::emulator::handlers
