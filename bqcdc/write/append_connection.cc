#include "bqcdc/write/append_connection.h"

#include <google/cloud/bigquery/storage/v1/storage.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_buffer_reader.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/encode/mutant.h"
#include "bqcdc/write/request_builder.h"

namespace bqcdc::write {
namespace {

namespace storage = google::cloud::bigquery::storage::v1;

// Weight of the newest answer in answer_time().
constexpr double kNewestAnswer = 1.0 / 8;

// How long a server may take to end a call that we have ended.
constexpr absl::Duration kGoodEnd = absl::Seconds(1);

constexpr char kMethod[] = "/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows";

absl::Status ToAbslStatus(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// Of a call that has ended; `details` are grpc-status-details-bin.
struct CallEnd {
  absl::Status status;
  std::string details;
};

StorageErrorCode FindStorageError(const google::rpc::Status& status) {
  for (const google::protobuf::Any& detail : status.details()) {
    storage::StorageError error;
    if (detail.Is<storage::StorageError>() && detail.UnpackTo(&error)) {
      return static_cast<StorageErrorCode>(error.code());
    }
  }
  return StorageErrorCode::kUnspecified;
}

// As if the request had been answered so.
AppendResult ResultOf(const CallEnd& end) {
  AppendResult result;
  result.status = end.status;
  google::rpc::Status details;
  if (details.ParseFromString(end.details)) result.storage_error = FindStorageError(details);
  return result;
}

AppendResult ResultOf(const storage::AppendRowsResponse& response) {
  AppendResult result;
  result.schema_updated = response.has_updated_schema();
  if (!response.has_error()) return result;
  // A peer that sends an error without a code must not be taken for success.
  const int code =
      response.error().code() == 0 ? static_cast<int>(absl::StatusCode::kUnknown) : response.error().code();
  result.status = absl::Status(static_cast<absl::StatusCode>(code), response.error().message());
  result.storage_error = FindStorageError(response.error());
  result.row_errors.reserve(response.row_errors_size());
  for (const storage::RowError& error : response.row_errors()) {
    result.row_errors.push_back({error.index(), error.message()});
  }
  return result;
}

// A slice over memory that `owner` keeps alive.
grpc::Slice SliceOf(std::string_view bytes, const std::shared_ptr<const void>& owner) {
  auto* kept = new std::shared_ptr<const void>(owner);
  return grpc::Slice(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void* user) { delete static_cast<std::shared_ptr<const void>*>(user); }, kept);
}

}  // namespace

std::string RoutingParameters(const Destination& destination) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string text = "write_stream=";
  for (const char c : destination.write_stream) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '~') {
      text += c;
    } else {
      text += '%';
      text += kHex[static_cast<unsigned char>(c) >> 4];
      text += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return text;
}

// State shared by the user's threads, gRPC's threads and the connection's own thread, which opens calls. The
// own thread exists because opening asks REST and waits, and gRPC's threads may do neither.
class AppendConnection::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(StorageChannel channel, AppendConnectionOptions options, const base::Clock& clock,
       ResultHandler on_result, FailureHandler on_failure)
      : options_(std::move(options)),
        clock_(clock),
        on_result_(std::move(on_result)),
        on_failure_(std::move(on_failure)),
        channel_(std::move(channel)),
        stub_(std::in_place, channel_.channel) {}

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }
  void Stop();

  absl::StatusOr<std::int64_t> Append(AppendRequest request);
  bool HasRoom(std::size_t bytes) const {
    absl::MutexLock lock(&mutex_);
    return FitsWindow(bytes);
  }
  double load() const {
    absl::MutexLock lock(&mutex_);
    return std::max(
        static_cast<double>(entries_.size()) / options_.requests_in_flight_max,
        static_cast<double>(bytes_in_flight_) / static_cast<double>(options_.bytes_in_flight_max));
  }
  absl::Duration answer_time() const {
    absl::MutexLock lock(&mutex_);
    return sent_count_ == 0 ? answer_time_ : std::max(answer_time_, clock_.Now() - entries_.front().sent);
  }
  bool is_open() const {
    absl::MutexLock lock(&mutex_);
    return call_ != nullptr && !call_->done;
  }
  void Reopen();
  void LeaveLostPeer();
  absl::Status AwaitAnswers(absl::Time deadline);
  void Cancel();
  AppendConnectionStats stats() const {
    absl::MutexLock lock(&mutex_);
    return stats_;
  }

 private:
  // One AppendRows call. Created by the own thread, which also deletes it once `done`.
  struct Call : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
    explicit Call(std::shared_ptr<Impl> connection) : connection(std::move(connection)) {}
    void OnWriteDone(bool ok) override { connection->OnWriteDone(this, ok); }
    void OnReadDone(bool ok) override { connection->OnReadDone(this, ok); }
    void OnDone(const grpc::Status& status) override {
      // The connection outlives this function even if its owner goes away meanwhile.
      const std::shared_ptr<Impl> kept = connection;
      kept->OnDone(this, {ToAbslStatus(status), status.error_details()});
    }

    std::shared_ptr<Impl> connection;
    grpc::ClientContext context;
    grpc::ByteBuffer write_buffer, read_buffer;
    const Destination* told = nullptr;  // destination of the last request that was written
    std::shared_ptr<const Destination> told_kept;
    std::int64_t schema_from = -1;     // number of the request that brought the schema last
    std::int64_t schema_refused = -1;  // the last such number that was refused, so its schema may not count
    bool several_told = false;         // so each request names its stream
    bool trace_told = false;
    bool writing = false;
    bool ending = false;    // the hold is given back, nothing may be written
    bool overdue = false;   // we have ended it, for it owed an answer too long
    bool renewed = false;   // we have ended it, to open another
    bool met_peer = false;  // the peer has taken a request
    bool leaving = false;   // the peer goes away: nothing more is written, and we end it when nothing is owed
    bool done = false;
    CallEnd end;
  };

  struct Entry {
    std::int64_t number = 0;
    AppendRequest request;
    bool was_sent = false;          // on any call
    std::int64_t schema_from = -1;  // number of the request of the present call that brought its schema
    absl::Time queued;
    absl::Time sent;  // on the present call
  };

  // Why a call has ended, as far as patience goes.
  enum class EndOf { kAttempt, kWaitForTable, kOurOwn };

  void Run();
  // Waits for work; false when the thread is to end.
  bool AwaitWork() ABSL_LOCKS_EXCLUDED(mutex_);
  void OpenCall() ABSL_LOCKS_EXCLUDED(mutex_);
  void CollectEndedCall() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Duration NextPause() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Counts a call that has ended, or could not be opened, and tells what limit of patience is reached.
  PatienceLimit CountEnd(EndOf end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Something was answered, or nothing is owed.
  void ForgetEnds() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { ends_ = attempts_ = 0; }
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // What the text of a failure begins with.
  std::string GivenUp(PatienceLimit limit) const;

  void OnWriteDone(Call* call, bool ok) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnReadDone(Call* call, bool ok) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnDone(Call* call, CallEnd end) ABSL_LOCKS_EXCLUDED(mutex_);
  void WriteNext(Call* call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndCall(Call* call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteAnswerTime(absl::Duration answered) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool first = answer_time_ == absl::ZeroDuration();
    answer_time_ += (answered - answer_time_) * (first ? 1.0 : kNewestAnswer);
  }
  grpc::ByteBuffer Serialize(Entry& entry, Call* call) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Whether the service may not know the schema of a request that was answered so.
  static bool SchemaMayBeUnknown(const Entry& answered, const AppendResult& result, Call* call);

  bool FitsWindow(std::size_t bytes) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    const std::size_t more = encode::Mutated(encode::Mutant::kWindowOneMore) ? 1 : 0;
    return entries_.empty() || (entries_.size() < options_.requests_in_flight_max + more &&
                                bytes_in_flight_ + bytes <= options_.bytes_in_flight_max);
  }
  bool AnswerIsOverdue() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return sent_count_ > 0 && clock_.Now() >= entries_.front().sent + options_.answer_time_max;
  }

  const AppendConnectionOptions options_;
  const base::Clock& clock_;
  const ResultHandler on_result_;
  const FailureHandler on_failure_;
  StorageChannel channel_;  // Changed by Stop() alone, when the thread has ended.
  std::optional<grpc::GenericStub> stub_;
  std::thread thread_;

  mutable absl::Mutex mutex_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);   // unacknowledged, in order
  std::size_t sent_count_ ABSL_GUARDED_BY(mutex_) = 0;  // of them, on the present call
  std::size_t bytes_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration answer_time_ ABSL_GUARDED_BY(mutex_);  // on the present call; zero = none yet
  std::int64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<Call> call_ ABSL_GUARDED_BY(mutex_);
  bool opened_before_ ABSL_GUARDED_BY(mutex_) = false;
  int ends_ ABSL_GUARDED_BY(mutex_) = 0;                 // of calls without any answer, in a row
  int attempts_ ABSL_GUARDED_BY(mutex_) = 0;             // of them, those that Patience counts
  bool token_replaced_ ABSL_GUARDED_BY(mutex_) = false;  // since the last answer
  absl::Time failing_since_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // end of the first of them
  absl::Time not_before_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Status last_end_ ABSL_GUARDED_BY(mutex_);  // of the call before
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  AppendConnectionStats stats_ ABSL_GUARDED_BY(mutex_);
  std::minstd_rand random_ ABSL_GUARDED_BY(mutex_){std::random_device()()};  // pauses only
};

absl::StatusOr<std::int64_t> AppendConnection::Impl::Append(AppendRequest request) {
  const std::size_t bytes = request.rows.byte_count;
  const auto room = [this, bytes]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !failed_.ok() || FitsWindow(bytes);
  };
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&room));
  if (!failed_.ok()) return failed_;
  if (stopping_) return absl::CancelledError("the connection was cancelled");
  const std::int64_t number = next_number_++;
  Entry& entry = entries_.emplace_back();
  entry.number = number;
  entry.request = std::move(request);
  entry.queued = clock_.Now();
  bytes_in_flight_ += bytes;
  if (call_ != nullptr) WriteNext(call_.get());
  return number;
}

void AppendConnection::Impl::Reopen() {
  absl::MutexLock lock(&mutex_);
  if (call_ == nullptr || call_->ending) return;
  call_->renewed = true;
  call_->context.TryCancel();
}

void AppendConnection::Impl::LeaveLostPeer() {
  absl::MutexLock lock(&mutex_);
  if (call_ == nullptr || !call_->met_peer || call_->leaving || call_->ending || stopping_) return;
  // The channel forgets a peer that goes away while the calls over it go on.
  if (channel_.channel->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY) return;
  call_->leaving = true;
  if (sent_count_ == 0) call_->context.TryCancel();
}

absl::Status AppendConnection::Impl::AwaitAnswers(absl::Time deadline) {
  const auto settled = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !failed_.ok() || entries_.empty();
  };
  absl::MutexLock lock(&mutex_);
  if (!clock_.AwaitWithDeadline(mutex_, absl::Condition(&settled), deadline)) {
    return absl::DeadlineExceededError(absl::StrCat(entries_.size(), " requests are without answer"));
  }
  if (!failed_.ok()) return failed_;
  return entries_.empty() ? absl::OkStatus() : absl::CancelledError("the connection was cancelled");
}

void AppendConnection::Impl::Cancel() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
  if (call_ != nullptr) call_->context.TryCancel();
}

void AppendConnection::Impl::Stop() {
  {
    const auto ended = [this]()
                           ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return call_ == nullptr || call_->done; };
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    const bool idle = entries_.empty() && call_ != nullptr && !call_->ending && !call_->writing;
    // A call that owes nothing is ended in good order, so that the server sees no cancellation.
    if (idle) call_->StartWritesDone();
    if (idle) mutex_.AwaitWithTimeout(absl::Condition(&ended), kGoodEnd);
    if (!ended()) call_->context.TryCancel();
  }
  if (thread_.joinable()) thread_.join();
  // The last call's OnDone() may still hold this object, and gRPC 1.51 must not see a channel destroyed on
  // one of its own callback threads: it would join the thread that it runs on. So the channel goes here.
  stub_.reset();
  channel_.channel.reset();
}

void AppendConnection::Impl::Run() {
  while (AwaitWork()) {
    bool ended = false;
    {
      absl::MutexLock lock(&mutex_);
      ended = call_ != nullptr;
    }
    if (ended) {
      CollectEndedCall();
    } else {
      OpenCall();
    }
  }
}

bool AppendConnection::Impl::AwaitWork() {
  const auto work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    if (call_ != nullptr) return call_->done;
    return stopping_ || (failed_.ok() && !entries_.empty());
  };
  const auto stop = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_; };
  absl::MutexLock lock(&mutex_);
  for (;;) {
    const absl::Time overdue = sent_count_ == 0 ? clock_.Now() + options_.answer_time_max
                                                : entries_.front().sent + options_.answer_time_max;
    const bool found = clock_.AwaitWithDeadline(mutex_, absl::Condition(&work), overdue);
    if (!found) {
      // Half-open: the peer is gone without a word, or has stopped answering.
      if (call_ != nullptr && AnswerIsOverdue()) {
        call_->overdue = true;
        call_->context.TryCancel();
        mutex_.Await(absl::Condition(&work));
      } else {
        continue;
      }
    }
    if (call_ != nullptr) return true;
    if (stopping_) return false;
    clock_.AwaitWithDeadline(mutex_, absl::Condition(&stop), not_before_);
    if (stopping_) return false;
    return true;
  }
}

void AppendConnection::Impl::OpenCall() {
  bool again = false;
  absl::Status why;
  {
    absl::MutexLock lock(&mutex_);
    again = opened_before_;
    why = last_end_;
  }
  const bool ask =
      (again && !encode::Mutated(encode::Mutant::kOpensWithoutAsking)) || options_.ask_before_first;
  if (ask && options_.before_open) {
    const absl::Status status = options_.before_open(again, why);
    if (!status.ok() && status.code() != absl::StatusCode::kUnavailable) return Fail(status);
    if (!status.ok()) {
      PatienceLimit limit = PatienceLimit::kNone;
      {
        absl::MutexLock lock(&mutex_);
        limit = CountEnd(EndOf::kAttempt);
        not_before_ = clock_.Now() + NextPause();
      }
      if (limit != PatienceLimit::kNone)
        Fail(absl::UnavailableError(absl::StrCat(GivenUp(limit), why.message(), "; ", status.message())));
      return;
    }
  }
  absl::MutexLock lock(&mutex_);
  if (stopping_ || entries_.empty()) return;
  call_ = std::make_unique<Call>(shared_from_this());
  Call* call = call_.get();
  call->context.AddMetadata("x-goog-request-params",
                            RoutingParameters(*entries_.front().request.destination));
  call->context.AddMetadata("x-goog-api-client", "gl-cpp/20 gccl/bqcdc");
  if (!channel_.user_project.empty()) call->context.AddMetadata("x-goog-user-project", channel_.user_project);
  sent_count_ = 0;
  answer_time_ = absl::ZeroDuration();
  opened_before_ = true;
  ++stats_.calls_opened;
  stub_->PrepareBidiStreamingCall(&call->context, kMethod, grpc::StubOptions(), call);
  call->AddHold();  // Writes start outside of reactions.
  WriteNext(call);
  call->StartRead(&call->read_buffer);
  call->StartCall();
}

void AppendConnection::Impl::WriteNext(Call* call) {
  if (call->writing || call->ending || call->leaving || sent_count_ >= entries_.size()) return;
  Entry& entry = entries_[sent_count_++];
  if (entry.was_sent) ++stats_.requests_resent;
  ++stats_.requests_sent;
  entry.was_sent = true;
  entry.sent = clock_.Now();
  call->writing = true;
  call->write_buffer = Serialize(entry, call);
  call->StartWrite(&call->write_buffer);
}

grpc::ByteBuffer AppendConnection::Impl::Serialize(Entry& entry, Call* call) const {
  const AppendRequest& request = entry.request;
  Preamble preamble;
  const bool untold = encode::Mutated(encode::Mutant::kSchemaOnFirstCallOnly) && stats_.calls_opened > 1;
  if (call->told != request.destination.get() && !untold) {
    preamble.destination = request.destination.get();
    call->several_told = call->schema_from >= 0;
    call->schema_from = entry.number;
    call->told = request.destination.get();
    call->told_kept = request.destination;  // A new one at the same address must not pass for it.
  }
  entry.schema_from = call->schema_from;
  if (call->several_told) preamble.write_stream = request.destination->write_stream;
  if (!call->trace_told) preamble.trace_id = options_.trace_id;
  call->trace_told = true;
  std::vector<grpc::Slice> slices;
  slices.reserve(1 + request.rows.pieces.size());
  slices.emplace_back(BuildPreamble(preamble, request.rows.byte_count));
  for (const std::string_view piece : request.rows.pieces)
    slices.push_back(SliceOf(piece, request.rows.owner));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

bool AppendConnection::Impl::SchemaMayBeUnknown(const Entry& answered, const AppendResult& result,
                                                Call* call) {
  if (result.status.ok()) return false;
  if (answered.schema_from != answered.number) return answered.schema_from == call->schema_refused;
  const AppendAction action = Classify(result).action;
  // A refusal of rows took the schema to read them.
  if (action == AppendAction::kSetRowsAside || action == AppendAction::kFindBadRows) return false;
  call->schema_refused = answered.number;
  if (call->schema_from == answered.number) call->told = nullptr;  // The next one brings it again.
  return false;
}

void AppendConnection::Impl::OnWriteDone(Call* call, bool ok) {
  absl::MutexLock lock(&mutex_);
  call->writing = false;
  if (!ok) return;  // The call has ended, which OnReadDone sees.
  ++stats_.requests_written;
  call->met_peer = true;
  WriteNext(call);
}

void AppendConnection::Impl::OnReadDone(Call* call, bool ok) {
  storage::AppendRowsResponse response;
  bool understood = false;
  if (ok) {
    grpc::ProtoBufferReader reader(&call->read_buffer);
    understood = reader.status().ok() && response.ParseFromZeroCopyStream(&reader);
  }
  AppendResult result = ResultOf(response);
  Entry answered;  // Its rows may go with it, so it outlives the lock.
  {
    absl::MutexLock lock(&mutex_);
    if (!understood || sent_count_ == 0) {
      if (ok) call->context.TryCancel();  // No answer of ours: the peer does not speak this protocol.
      EndCall(call);
      return;
    }
    if (encode::Mutated(encode::Mutant::kAnswersNewestFirst))
      std::swap(entries_.front(), entries_[sent_count_ - 1]);
    answered = std::move(entries_.front());
    entries_.pop_front();
    --sent_count_;
    bytes_in_flight_ -= answered.request.rows.byte_count;
    stats_.bytes_acknowledged += static_cast<std::int64_t>(answered.request.rows.byte_count);
    result.schema_may_be_unknown = SchemaMayBeUnknown(answered, result, call);
    result.timing.waited = answered.sent - answered.queued;
    result.timing.answered = clock_.Now() - answered.sent;
    NoteAnswerTime(result.timing.answered);
    ForgetEnds();
    token_replaced_ = false;
  }
  on_result_(answered.number, std::move(result));
  absl::MutexLock lock(&mutex_);
  if (call->leaving && sent_count_ == 0) call->context.TryCancel();
  if (!call->ending) call->StartRead(&call->read_buffer);
}

void AppendConnection::Impl::EndCall(Call* call) {
  if (call->ending) return;
  call->ending = true;
  call->RemoveHold();
}

void AppendConnection::Impl::OnDone(Call* call, CallEnd end) {
  absl::MutexLock lock(&mutex_);
  call->end = std::move(end);
  call->done = true;
}

void AppendConnection::Impl::CollectEndedCall() {
  std::unique_ptr<Call> call;
  AppendVerdict verdict;
  AppendResult result;
  bool give_up = false, new_token = false;
  PatienceLimit limit = PatienceLimit::kNone;
  {
    absl::MutexLock lock(&mutex_);
    call = std::move(call_);
    if (encode::Mutated(encode::Mutant::kResendsNewestFirst)) std::reverse(entries_.begin(), entries_.end());
    if (encode::Mutated(encode::Mutant::kTakesUnansweredForStored)) {
      for (; sent_count_ > 0; --sent_count_) {
        bytes_in_flight_ -= entries_.front().request.rows.byte_count;
        on_result_(entries_.front().number, {});
        entries_.pop_front();
      }
    }
    if (stopping_) return;
    if (call->overdue) {
      call->end.status = absl::DeadlineExceededError(
          absl::StrCat("no answer within ", absl::FormatDuration(options_.answer_time_max)));
    }
    if (call->leaving) call->end.status = absl::UnavailableError("the server has said that it goes away");
    last_end_ = call->end.status;
    result = ResultOf(call->end);
    verdict = ClassifyCallEnd(result.status, result.storage_error);
    sent_count_ = 0;
    const bool about_table =
        verdict.action == AppendAction::kCheckTable || verdict.action == AppendAction::kRefetchSchema;
    const bool renewed = call->renewed && absl::IsCancelled(result.status);
    limit = CountEnd(renewed || call->leaving ? EndOf::kOurOwn
                     : about_table            ? EndOf::kWaitForTable
                                              : EndOf::kAttempt);
    // A token can end before its time; only where the next is refused too is somebody needed.
    new_token = result.status.code() == absl::StatusCode::kUnauthenticated &&
                channel_.token_refused != nullptr && !token_replaced_;
    if (new_token) token_replaced_ = true;
    if (!result.status.ok() && !renewed)
      ++stats_.call_errors[new_token ? AppendAction::kReopen : verdict.action];
    const bool halts = verdict.action == AppendAction::kHalt && !new_token;
    if (halts) limit = PatienceLimit::kNone;  // It is not why.
    give_up = !entries_.empty() && (halts || limit != PatienceLimit::kNone);
    // An idle call that the service closed is opened by the next request, at once.
    not_before_ = entries_.empty() ? absl::InfinitePast() : clock_.Now() + NextPause();
    if (entries_.empty()) ForgetEnds();
  }
  if (new_token) channel_.token_refused();
  if (verdict.action == AppendAction::kRefetchSchema && options_.on_schema_refused)
    options_.on_schema_refused();
  const absl::Status end = result.status;
  if (give_up) {
    Fail(absl::Status(
        end.ok() ? absl::StatusCode::kUnavailable : end.code(),
        absl::StrCat(GivenUp(limit), end.ok() ? "the server ends each call" : end.message(),
                     verdict.hint.empty() ? "" : absl::StrCat(" (", std::string(verdict.hint), ")"))));
  }
}

PatienceLimit AppendConnection::Impl::CountEnd(EndOf end) {
  const Patience& patience = options_.patience;
  // From the first end on: how long that call had been silent before says nothing about coming back.
  if (ends_++ == 0) failing_since_ = clock_.Now();
  if (end == EndOf::kAttempt) ++attempts_;
  const absl::Duration failing = clock_.Now() - failing_since_;
  if (end == EndOf::kWaitForTable)
    return failing > patience.schema_time_max ? PatienceLimit::kSchemaTime : PatienceLimit::kNone;
  if (failing > patience.retry_time_max) return PatienceLimit::kRetryTime;
  return patience.retry_attempts_max > 0 && attempts_ >= patience.retry_attempts_max
             ? PatienceLimit::kRetryAttempts
             : PatienceLimit::kNone;
}

std::string AppendConnection::Impl::GivenUp(PatienceLimit limit) const {
  if (limit == PatienceLimit::kNone) return "append connection: ";
  return absl::StrCat("append connection: no answer ", DescribeLimit(options_.patience, limit), ": ");
}

absl::Duration AppendConnection::Impl::NextPause() {
  absl::Duration pause = options_.pause_first;
  for (int i = 1; i < ends_ && pause < options_.pause_max; ++i) pause *= 2;
  pause = std::min(pause, options_.pause_max);
  return pause * std::uniform_real_distribution<double>(0.5, 1.0)(random_);
}

void AppendConnection::Impl::Fail(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (!failed_.ok() || stopping_) return;
    failed_ = status;
  }
  on_failure_(status);
}

AppendConnection::AppendConnection(StorageChannel channel, AppendConnectionOptions options,
                                   const base::Clock& clock, ResultHandler on_result,
                                   FailureHandler on_failure)
    : impl_(std::make_shared<Impl>(std::move(channel), std::move(options), clock, std::move(on_result),
                                   std::move(on_failure))) {
  impl_->Start();
}

AppendConnection::~AppendConnection() { impl_->Stop(); }

absl::StatusOr<std::int64_t> AppendConnection::Append(AppendRequest request) {
  return impl_->Append(std::move(request));
}
bool AppendConnection::HasRoom(std::size_t bytes) const { return impl_->HasRoom(bytes); }
double AppendConnection::load() const { return impl_->load(); }
absl::Duration AppendConnection::answer_time() const { return impl_->answer_time(); }
bool AppendConnection::is_open() const { return impl_->is_open(); }
void AppendConnection::Reopen() { impl_->Reopen(); }
void AppendConnection::LeaveLostPeer() { impl_->LeaveLostPeer(); }
absl::Status AppendConnection::AwaitAnswers(absl::Time deadline) { return impl_->AwaitAnswers(deadline); }
void AppendConnection::Cancel() { impl_->Cancel(); }
AppendConnectionStats AppendConnection::stats() const { return impl_->stats(); }

}  // namespace bqcdc::write
