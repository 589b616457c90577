#include "tests/misbehaving_service/misbehaving_service.h"

#include <google/cloud/bigquery/storage/v1/storage.grpc.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <deque>
#include <list>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/write/append_result.h"
#include "tests/misbehaving_service/served_table.h"
#include "tests/misbehaving_service/tcp_relay.h"

namespace bqcdc::misbehaving {
namespace {

namespace storage = google::cloud::bigquery::storage::v1;
using write::StorageErrorCode;

// Of the machine: how long calls may take to end after a GOAWAY.
constexpr absl::Duration kGoAwayGrace = absl::Milliseconds(100);
// Of the machine, where connections may go half-open: when the client's keepalive gives one up.
constexpr int kKeepaliveMs = 60;
// Where requests may grow no further than this beyond what a request without rows takes.
constexpr std::size_t kOversizeRoomMin = 160;

// "projects/p/datasets/d/tables/t/streams/_default" → "p.d.t"; empty where it is no such name.
std::string TableOfStream(const std::string& stream) {
  const std::vector<std::string> parts = absl::StrSplit(stream, '/');
  if (parts.size() != 8 || parts[0] != "projects" || parts[7] != "_default") return "";
  return absl::StrCat(parts[1], ".", parts[3], ".", parts[5]);
}

grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.raw_code()), std::string(status.message())};
}

storage::AppendRowsResponse ResponseOf(const write::AppendResult& result, const std::string& stream) {
  storage::AppendRowsResponse response;
  response.set_write_stream(stream);
  if (result.schema_updated) {
    storage::TableFieldSchema* field = response.mutable_updated_schema()->add_fields();
    field->set_name("id");
    field->set_type(storage::TableFieldSchema::INT64);
  }
  if (result.status.ok()) {
    response.mutable_append_result();
    return response;
  }
  response.mutable_error()->set_code(result.status.raw_code());
  response.mutable_error()->set_message(std::string(result.status.message()));
  if (result.storage_error != StorageErrorCode::kUnspecified) {
    storage::StorageError error;
    error.set_code(static_cast<storage::StorageError::StorageErrorCode>(result.storage_error));
    response.mutable_error()->add_details()->PackFrom(error);
  }
  for (const write::RowError& row : result.row_errors) {
    storage::RowError* error = response.add_row_errors();
    error->set_index(row.index);
    error->set_code(storage::RowError::FIELDS_ERROR);
    error->set_message(row.message);
  }
  return response;
}

write::AppendResult Refusal(absl::Status status, StorageErrorCode code = StorageErrorCode::kUnspecified) {
  write::AppendResult result;
  result.status = std::move(status);
  result.storage_error = code;
  return result;
}

absl::Status Draining() { return absl::UnavailableError("the connection is draining"); }

// How a call may end that somebody cut off.
absl::Status CutOff(int variant) {
  switch (variant % 7) {
    case 0:
      return absl::UnavailableError("Connection reset by peer");
    case 1:
      return absl::InternalError("internal");
    case 2:
      return absl::UnknownError("stream removed");
    case 3:
      return absl::CancelledError("cancelled by the service");
    case 4:
      return absl::DeadlineExceededError("deadline");
    case 5:
      return absl::AbortedError("Closing the stream because server is restarted.");
    default:
      return absl::OkStatus();
  }
}

absl::Status SchemaUnknown() {
  return absl::InvalidArgumentError(
      "Input schema has more fields than BigQuery schema, extra fields: 'note'");
}

absl::Status TableMissing(int variant) {
  return variant % 2 == 0 ? absl::PermissionDeniedError(
                                "Permission 'TABLES_UPDATE_DATA' denied on resource (or it may not exist).")
                          : absl::NotFoundError("Requested entity was not found.");
}

}  // namespace

std::string_view WireMutantName(WireMutant mutant) {
  switch (mutant) {
    case WireMutant::kNone:
      return "None";
    case WireMutant::kDropsResends:
      return "DropsResends";
    case WireMutant::kReleasesNewerFirst:
      return "ReleasesNewerFirst";
    case WireMutant::kForgetsIndexOffset:
      return "ForgetsIndexOffset";
    case WireMutant::kRenumbersResends:
      return "RenumbersResends";
    case WireMutant::kTrustsPassingRowErrors:
      return "TrustsPassingRowErrors";
  }
  return "unknown";
}

std::string KeyName(const oracle::Key& key) {
  std::string name = absl::StrCat(key.id.value_or(-1));
  if (key.region) absl::StrAppend(&name, "~", *key.region);
  for (const oracle::Value& part : key.parts) absl::StrAppend(&name, "~", part.text);
  return name;
}

std::string RowName(const oracle::Row& row) {
  return absl::StrCat(KeyName(row.key), "@", row.sequence.value_or("-"),
                      row.operation == oracle::Operation::kDelete ? "-" : "+", row.value);
}

// One lock over all. gRPC's reactions only note what came and move what can be moved; whatever waits for a
// time is moved by the service's own thread.
class MisbehavingService::Impl {
 public:
  Impl(Script script, IdleClock& clock, rest::testing::FakeRestService& rest, WireMutant mutant)
      : script_(std::move(script)),
        mutant_(mutant),
        clock_(clock),
        rest_(rest),
        random_(script_.seed),
        due_(script_.faults.begin(), script_.faults.end()) {
    const bool network = script_.Has(FaultKind::kHalfOpen) || script_.Has(FaultKind::kReset);
    if (network) {
      relay_ = std::make_unique<TcpRelay>(
          port_.port(), [this](int change) { change > 0 ? clock_.Hold() : clock_.Release(); });
    }
    StartServer();
    thread_ = std::thread([this] { Run(); });
  }

  ~Impl() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
      changed_ = true;
    }
    thread_.join();
    StopServer(absl::ZeroDuration());
  }

  std::string target() const {
    return absl::StrCat("127.0.0.1:", relay_ != nullptr ? relay_->port() : port_.port());
  }
  void SetAuthorization(std::function<bool(const std::string&)> accepts) {
    absl::MutexLock lock(&mutex_);
    accepts_ = std::move(accepts);
  }
  bool has_relay() const { return relay_ != nullptr; }

  oracle::View Show(const std::string& table) {
    absl::MutexLock lock(&mutex_);
    ApplyLate(absl::InfiniteFuture());
    const auto found = tables_.find(table);
    return found == tables_.end() ? oracle::View() : found->second->Show(clock_.Now());
  }
  Journal journal() const {
    absl::MutexLock lock(&mutex_);
    return journal_;
  }

 private:
  struct Pending {
    std::int64_t number = 0;  // of the request, over the service
    std::string stream, table;
    std::vector<oracle::Row> rows;
    std::size_t bytes = 0;
    absl::Time ready;
    std::vector<Fault> faults;
    bool resent = false;            // all rows came before
    std::int64_t schema_from = -1;  // number of the request of its call that brought its schema
  };
  struct Answer {
    storage::AppendRowsResponse response;
    absl::Time not_before;
  };

  struct Call : public grpc::ServerBidiReactor<storage::AppendRowsRequest, storage::AppendRowsResponse> {
    Call(Impl* service, std::int64_t number) : service(service), number(number) {}
    void OnReadDone(bool ok) override { service->OnReadDone(this, ok); }
    void OnWriteDone(bool ok) override { service->OnWriteDone(this, ok); }
    void OnCancel() override { service->OnCancel(this); }
    void OnDone() override { service->OnDone(this); }

    Impl* const service;
    const std::int64_t number;
    storage::AppendRowsRequest read;
    storage::AppendRowsResponse written;
    bool reading = false, read_ended = false, writing = false, finished = false, cancelled = false;
    std::string stream;  // the last one named
    std::map<std::string, std::shared_ptr<RowReader>> readers;
    bool spoke = false;  // a request has come
    absl::Time last_request;
    int schemas_told = 0;
    std::int64_t schema_from = -1;     // number of the request that brought the last one
    std::int64_t schema_refused = -1;  // the last such number whose schema was refused
    std::deque<Pending> pending;
    std::deque<Answer> outbox;
    int unanswered = 0;
    // What faults have done to it.
    absl::Time held_until = absl::InfinitePast(), reads_from = absl::InfinitePast(),
               burst_until = absl::InfinitePast();
    std::size_t burst_count = 0;
    bool silent = false;
    int draining_left = -1;  // answers until it ends; negative = it does not drain
    int aborts_left = 0;     // queued behind a failed one
    std::optional<absl::Status> end;
    enum class When { kNow, kAnswered, kIdle } end_when = When::kNow;
  };

  struct LateAppend {
    absl::Time at;
    std::string table;
    std::vector<oracle::Row> rows;
  };

  class Frontend : public storage::BigQueryWrite::CallbackService {
   public:
    explicit Frontend(Impl* service) : service_(service) {}
    grpc::ServerBidiReactor<storage::AppendRowsRequest, storage::AppendRowsResponse>* AppendRows(
        grpc::CallbackServerContext* context) override {
      return service_->OnCall(context);
    }

   private:
    Impl* const service_;
  };

  void StartServer() {
    frontend_ = std::make_unique<Frontend>(this);
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(64 * 1024 * 1024);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 1);
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_.port()), grpc::InsecureServerCredentials());
    builder.RegisterService(frontend_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) std::abort();  // The port is ours.
  }
  void StopServer(absl::Duration grace) {
    server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
    server_->Wait();
    server_.reset();
    frontend_.reset();
  }

  void Run();
  Call* OnCall(grpc::CallbackServerContext* context);
  void OnReadDone(Call* call, bool ok) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnWriteDone(Call* call, bool ok) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnCancel(Call* call) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnDone(Call* call) ABSL_LOCKS_EXCLUDED(mutex_);

  // Takes the request that was read.
  void TakeRequest(Call& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteArrival(const Call& call, Pending& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Faults that begin as the request comes; the others stay with it.
  void StrikeOnArrival(Call& call, Pending& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Struck(const Fault& fault) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { ++journal_.struck[fault.kind]; }
  // Does what can be done for the call now.
  void Pump(Call& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Process(Call& call, Pending request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The faults of the request itself; true when they have dealt with it.
  bool StrikeRequest(Call& call, Pending& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Judges, applies what is accepted, answers.
  void Serve(Call& call, Pending& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  write::AppendResult Judge(Pending& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ApplyRows(const std::string& table, std::vector<oracle::Row> rows, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Applies what would be accepted; nobody is told.
  void ApplyUnanswered(Pending& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AnswerWith(Call& call, const Pending& request, write::AppendResult result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(Call& call, absl::Status status, Call::When when = Call::When::kNow)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What waits in a call that is over: lost, or applied later.
  void DropPending(Call& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ApplyLate(absl::Time until) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time NextTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellClock() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Closes it where nothing has come for long.
  void CloseIdle(Call& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Script script_;
  const WireMutant mutant_;
  IdleClock& clock_;
  rest::testing::FakeRestService& rest_;
  const ReservedPort port_;
  std::unique_ptr<TcpRelay> relay_;
  std::unique_ptr<Frontend> frontend_;
  std::unique_ptr<grpc::Server> server_;  // of the own thread, once that runs
  std::thread thread_;

  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<bool(const std::string&)> accepts_ ABSL_GUARDED_BY(mutex_);
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Duration> restart_ ABSL_GUARDED_BY(mutex_);  // asked for, with this grace
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  std::deque<Fault> due_ ABSL_GUARDED_BY(mutex_);
  std::list<Call*> calls_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::unique_ptr<ServedTable>> tables_ ABSL_GUARDED_BY(mutex_);
  std::vector<LateAppend> late_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> seen_ ABSL_GUARDED_BY(mutex_);       // rows, with their table
  std::set<std::string> unsettled_ ABSL_GUARDED_BY(mutex_);  // good ones without answer
  std::set<std::string> applied_ ABSL_GUARDED_BY(mutex_);
  Journal journal_ ABSL_GUARDED_BY(mutex_);
  // What faults have done to the service.
  absl::Time quota_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time schema_lags_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time missing_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  int missing_variant_ ABSL_GUARDED_BY(mutex_) = 0;
  bool missing_ends_calls_ ABSL_GUARDED_BY(mutex_) = false;
  bool lag_ends_calls_ ABSL_GUARDED_BY(mutex_) = false;
  int slow_left_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration slow_ ABSL_GUARDED_BY(mutex_);
  int schema_updates_left_ ABSL_GUARDED_BY(mutex_) = 0;
  int unnamed_left_ ABSL_GUARDED_BY(mutex_) = 0;
  bool in_waves_ ABSL_GUARDED_BY(mutex_) = false;
  std::size_t preamble_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // the largest seen
  std::size_t oversize_room_ ABSL_GUARDED_BY(mutex_) = 0;   // 0 = no limit
  std::set<std::string> recreated_ ABSL_GUARDED_BY(mutex_);
  std::int64_t recreated_calls_from_ ABSL_GUARDED_BY(mutex_) = 0;  // calls from this one on see the new table
};

MisbehavingService::Impl::Call* MisbehavingService::Impl::OnCall(grpc::CallbackServerContext* context) {
  absl::MutexLock lock(&mutex_);
  clock_.Tick();
  auto* call = new Call(this, static_cast<std::int64_t>(journal_.calls.size()));
  Journal::Call& facts = journal_.calls.emplace_back();
  facts.arrivals_before = static_cast<std::int64_t>(journal_.arrivals.size());
  const auto& metadata = context->client_metadata();
  const auto routing = metadata.find("x-goog-request-params");
  if (routing == metadata.end() ||
      !absl::StartsWith(std::string(routing->second.data(), routing->second.size()),
                        "write_stream=projects%2F")) {
    journal_.protocol_faults.push_back("a call without routing header");
  }
  call->last_request = clock_.Now();
  calls_.push_back(call);
  if (accepts_) {
    const auto found = metadata.find("authorization");
    const bool accepted = accepts_(
        found == metadata.end() ? std::string() : std::string(found->second.data(), found->second.size()));
    if (!accepted) {
      ++journal_.unauthenticated_calls;
      End(*call, absl::UnauthenticatedError("Request had invalid authentication credentials."));
    }
  }
  Pump(*call);
  return call;
}

void MisbehavingService::Impl::OnReadDone(Call* call, bool ok) {
  absl::MutexLock lock(&mutex_);
  clock_.Tick();
  call->reading = false;
  if (ok && !call->cancelled && !call->finished) {
    TakeRequest(*call);
  } else if (!ok) {
    call->read_ended = true;
  }
  Pump(*call);
  TellClock();
}

void MisbehavingService::Impl::OnWriteDone(Call* call, bool ok) {
  absl::MutexLock lock(&mutex_);
  clock_.Tick();
  call->writing = false;
  if (!ok) call->cancelled = true;
  Pump(*call);
  TellClock();
}

void MisbehavingService::Impl::OnCancel(Call* call) {
  absl::MutexLock lock(&mutex_);
  clock_.Tick();
  call->cancelled = true;
  journal_.calls[call->number].broken = true;
  Pump(*call);
  TellClock();
}

void MisbehavingService::Impl::OnDone(Call* call) {
  absl::MutexLock lock(&mutex_);
  clock_.Tick();
  calls_.remove(call);
  delete call;
  TellClock();
}

void MisbehavingService::Impl::TakeRequest(Call& call) {
  const storage::AppendRowsRequest& message = call.read;
  call.last_request = clock_.Now();
  Pending request;
  request.number = static_cast<std::int64_t>(journal_.requests.size());
  request.bytes = message.ByteSizeLong();
  const auto fault = [&](const char* what) {
    journal_.protocol_faults.push_back(absl::StrCat("request ", request.number, ": ", what));
  };
  if (!call.spoke && message.write_stream().empty()) fault("the first of a call names no stream");
  if (!call.spoke && message.trace_id().empty()) fault("the first of a call has no trace id");
  if (call.schemas_told > 1 && message.write_stream().empty())
    fault("no stream is named on a call that has had several destinations or schemas");
  const bool first = !std::exchange(call.spoke, true);
  if (!message.write_stream().empty()) call.stream = message.write_stream();
  request.stream = call.stream;
  request.table = TableOfStream(call.stream);
  if (request.table.empty()) fault("not the default stream of a table");
  std::size_t rows_bytes = 0;
  for (const std::string& bytes : message.proto_rows().rows().serialized_rows())
    rows_bytes += bytes.size() + 2;
  if (first) preamble_bytes_ = std::max(preamble_bytes_, request.bytes - std::min(request.bytes, rows_bytes));
  if (message.proto_rows().has_writer_schema()) {
    auto reader =
        RowReader::Create(message.proto_rows().writer_schema().proto_descriptor().SerializeAsString());
    ++call.schemas_told;
    call.schema_from = request.number;
    if (reader.ok()) {
      call.readers[call.stream] = *std::move(reader);
    } else {
      fault("unusable writer schema");
    }
  }
  request.schema_from = call.schema_from;
  const auto reader = call.readers.find(call.stream);
  if (reader == call.readers.end()) {
    fault("no writer schema came before it");
  } else {
    for (const std::string& bytes : message.proto_rows().rows().serialized_rows()) {
      absl::StatusOr<oracle::Row> row = reader->second->Read(bytes);
      if (row.ok()) {
        request.rows.push_back(*std::move(row));
      } else {
        fault("a row that cannot be read");
      }
    }
  }
  if (request.rows.empty()) fault("no rows");
  journal_.requests.push_back(
      {call.number, static_cast<std::int64_t>(request.rows.size()), request.bytes, false});
  ++call.unanswered;
  Journal::Call& facts = journal_.calls[call.number];
  facts.unanswered_max = std::max(facts.unanswered_max, call.unanswered);
  NoteArrival(call, request);
  request.ready = clock_.Now() + script_.habits.latency;
  StrikeOnArrival(call, request);
  call.pending.push_back(std::move(request));
}

void MisbehavingService::Impl::NoteArrival(const Call& call, Pending& request) {
  request.resent = true;
  const std::set<std::string> unfit = [&] {
    std::set<std::string> names;
    for (const write::RowError& error : FindUnfitRows(request.rows))
      names.insert(RowName(request.rows[static_cast<std::size_t>(error.index)]));
    return names;
  }();
  std::vector<Journal::Arrival> arrivals;
  for (oracle::Row& row : request.rows) {
    const std::string name = RowName(row);
    const std::string full = absl::StrCat(request.table, " ", name);
    const bool is_new = seen_.insert(full).second;
    if (is_new) request.resent = false;
    const bool bad = unfit.contains(name);
    if (is_new && !bad) unsettled_.insert(full);
    arrivals.push_back({call.number, request.number, request.table, KeyName(row.key), name, bad});
    if (mutant_ == WireMutant::kRenumbersResends && !is_new) row.sequence = absl::StrCat("F", *row.sequence);
  }
  journal_.unsettled_rows_max =
      std::max(journal_.unsettled_rows_max, static_cast<std::int64_t>(unsettled_.size()));
  if (mutant_ == WireMutant::kReleasesNewerFirst && request.number % 5 == 4 && !journal_.arrivals.empty()) {
    // As if this one had come before the last.
    auto at = journal_.arrivals.end();
    const std::int64_t before = std::prev(at)->request;
    while (at != journal_.arrivals.begin() && std::prev(at)->request == before) --at;
    journal_.arrivals.insert(at, arrivals.begin(), arrivals.end());
    return;
  }
  journal_.arrivals.insert(journal_.arrivals.end(), arrivals.begin(), arrivals.end());
}

void MisbehavingService::Impl::StrikeOnArrival(Call& call, Pending& request) {
  const absl::Time now = clock_.Now();
  while (!due_.empty() && due_.front().at <= request.number) {
    const Fault fault = due_.front();
    due_.pop_front();
    const absl::Time until = now + fault.duration;
    switch (fault.kind) {
      case FaultKind::kQuota:
        quota_until_ = until;
        break;
      case FaultKind::kSchemaLag:
      case FaultKind::kSchemaLagEndsCall:
        schema_lags_until_ = until;
        lag_ends_calls_ = fault.kind == FaultKind::kSchemaLagEndsCall;
        break;
      case FaultKind::kMissingTable:
      case FaultKind::kMissingTableEndsCall:
        missing_until_ = until;
        missing_variant_ = fault.variant;
        missing_ends_calls_ = fault.kind == FaultKind::kMissingTableEndsCall;
        break;
      case FaultKind::kSlowAnswers:
        slow_ = fault.duration;
        slow_left_ = fault.count;
        break;
      case FaultKind::kHeldBack:
        call.held_until = std::max(call.held_until, until);
        if (fault.variant % 2 == 0)
          End(call, CutOff(fault.variant / 2));  // It is applied all the same, later.
        break;
      case FaultKind::kStopsReading:
        call.reads_from = std::max(call.reads_from, until);
        break;
      case FaultKind::kSilent:
        call.silent = true;
        break;
      case FaultKind::kHalfOpen:
        relay_->Freeze();
        break;
      case FaultKind::kReset:
        relay_->Reset();
        break;
      case FaultKind::kBurst:
        call.burst_count = static_cast<std::size_t>(fault.count) + 1;
        call.burst_until = now + std::min(fault.duration, absl::Seconds(20));
        break;
      case FaultKind::kSchemaUpdated:
        schema_updates_left_ = fault.count;
        rest_.ChangeTable(request.table, [](auto& table) { table.schema_fields = kWidenedSchemaFields; });
        break;
      case FaultKind::kUnnamedRefusal:
        unnamed_left_ += fault.count;
        continue;  // Struck when a bad row comes.
      case FaultKind::kBadRowsInWaves:
        in_waves_ = true;
        continue;
      case FaultKind::kOversize:
        oversize_room_ = kOversizeRoomMin + static_cast<std::size_t>(fault.variant % 60);
        continue;
      default:
        request.faults.push_back(fault);
        continue;
    }
    Struck(fault);
  }
}

void MisbehavingService::Impl::Pump(Call& call) {
  const absl::Time now = clock_.Now();
  const auto over = [&call] {
    return call.cancelled || call.finished || (call.end && call.end_when == Call::When::kNow);
  };
  while (!call.pending.empty() && !over() && !call.silent && now >= call.held_until &&
         call.pending.front().ready <= now && !(call.end && call.end_when == Call::When::kAnswered)) {
    Pending request = std::move(call.pending.front());
    call.pending.pop_front();
    Process(call, std::move(request));
  }
  if (over()) DropPending(call);
  const bool bursting =
      call.burst_count > 0 && call.outbox.size() < call.burst_count && now < call.burst_until;
  if (!bursting && call.outbox.size() >= call.burst_count) call.burst_count = 0;
  if (!call.writing && !over() && !call.silent && !bursting && !call.outbox.empty() &&
      call.outbox.front().not_before <= now) {
    call.written = std::move(call.outbox.front().response);
    call.outbox.pop_front();
    --call.unanswered;
    call.writing = true;
    call.StartWrite(&call.written);
  }
  bool finishes = call.cancelled;
  if (call.end) {
    finishes = finishes || call.end_when == Call::When::kNow ||
               (call.outbox.empty() && (call.end_when == Call::When::kAnswered || call.pending.empty()));
  } else if (call.read_ended && call.outbox.empty() && call.pending.empty() && !call.silent) {
    finishes = true;
  }
  if (finishes && !call.writing && !call.finished) {
    call.finished = true;
    DropPending(call);
    call.Finish(call.end ? ToGrpc(*call.end) : grpc::Status::OK);
    return;
  }
  if (!call.reading && !call.read_ended && !call.finished && !call.silent && now >= call.reads_from) {
    call.reading = true;
    call.StartRead(&call.read);
  }
}

void MisbehavingService::Impl::DropPending(Call& call) {
  for (Pending& request : call.pending) {
    // What has not struck strikes the next request.
    for (auto fault = request.faults.rbegin(); fault != request.faults.rend(); ++fault)
      due_.push_front(*fault);
    if (call.held_until > clock_.Now() && FindUnfitRows(request.rows).empty()) {
      late_.push_back({call.held_until, request.table, std::move(request.rows)});
      changed_ = true;
    }
  }
  call.pending.clear();
}

void MisbehavingService::Impl::End(Call& call, absl::Status status, Call::When when) {
  if (call.end && when != Call::When::kNow) return;
  call.end = std::move(status);
  call.end_when = when;
}

void MisbehavingService::Impl::ApplyRows(const std::string& table, std::vector<oracle::Row> rows,
                                         absl::Time now) {
  std::unique_ptr<ServedTable>& served = tables_[table];
  if (served == nullptr) {
    // No name is a fault of the protocol that was noted when it came.
    const bool composite = !table.empty() && rest_.GetTable(table).primary_key != kSingleKey;
    served = std::make_unique<ServedTable>(ServedTable::Options{
        composite ? oracle::Shape::kCompositeKey : oracle::Shape::kSingleKey, script_.habits.shuffles_rows,
        script_.habits.forgets_numbers, script_.seed + tables_.size()});
  }
  for (const oracle::Row& row : rows) applied_.insert(absl::StrCat(table, " ", RowName(row)));
  served->Append(std::move(rows), now);
}

void MisbehavingService::Impl::ApplyUnanswered(Pending& request) {
  if (Judge(request).status.ok()) ApplyRows(request.table, request.rows, clock_.Now());
}

void MisbehavingService::Impl::ApplyLate(absl::Time until) {
  std::stable_sort(late_.begin(), late_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  while (!late_.empty() && late_.front().at <= until) {
    LateAppend append = std::move(late_.front());
    late_.erase(late_.begin());
    if (recreated_.contains(append.table)) continue;
    ++journal_.late_appends;
    ApplyRows(append.table, std::move(append.rows), append.at);
  }
}

bool MisbehavingService::Impl::StrikeRequest(Call& call, Pending& request) {
  bool dealt = false;
  for (std::size_t i = 0; i < request.faults.size(); ++i) {
    const Fault fault = request.faults[i];
    if (dealt) {  // Strikes the next request.
      due_.push_front(fault);
      continue;
    }
    dealt = true;
    switch (fault.kind) {
      case FaultKind::kAnswerLost:
        ApplyUnanswered(request);
        [[fallthrough]];
      case FaultKind::kRequestLost:
        End(call, CutOff(fault.variant));
        break;
      case FaultKind::kAnswerThenEnd:
        Serve(call, request);
        End(call, CutOff(fault.variant), Call::When::kAnswered);
        break;
      case FaultKind::kServerRestart:
        if (fault.variant % 2 == 0) ApplyUnanswered(request);
        for (Call* other : calls_) other->silent = true;
        restart_ = absl::ZeroDuration();
        changed_ = true;
        break;
      case FaultKind::kServerGoAway:
        Serve(call, request);
        for (Call* other : calls_)
          End(*other, Draining(), fault.variant % 2 == 0 ? Call::When::kAnswered : Call::When::kIdle);
        restart_ = kGoAwayGrace;
        changed_ = true;
        break;
      case FaultKind::kIdleClose:
        Serve(call, request);
        End(call,
            absl::AbortedError("Closing the stream because it has been inactive for 600 seconds. Entity: x"),
            Call::When::kIdle);
        break;
      case FaultKind::kDraining:
        call.draining_left = fault.count;
        dealt = false;  // Process() sees it.
        break;
      case FaultKind::kOverload: {
        write::AppendResult result =
            Refusal(mutant_ == WireMutant::kTrustsPassingRowErrors
                        ? absl::InvalidArgumentError("Errors found while processing rows.")
                        : absl::UnavailableError("Task is overloaded"));
        if (fault.variant % 2 == 0 || mutant_ == WireMutant::kTrustsPassingRowErrors)
          result.row_errors.push_back({0, "not about the row"});
        AnswerWith(call, request, result);
        if (fault.variant % 3 == 0) call.aborts_left = static_cast<int>(call.pending.size());
        break;
      }
      case FaultKind::kOverloadEndsCall:
        End(call, fault.variant % 2 == 0
                      ? absl::UnavailableError("Task is overloaded")
                      : absl::ResourceExhaustedError("Exceeds 'AppendRows throughput' quota"));
        break;
      case FaultKind::kPriorFailure:
        AnswerWith(call, request, Refusal(absl::InternalError("internal")));
        call.aborts_left = static_cast<int>(call.pending.size()) + fault.count - 1;
        break;
      case FaultKind::kRestUnavailable:
        for (int i = 0; i < fault.count * 3; ++i) {
          switch (fault.variant / 2 % 4) {
            case 0:
              rest_.AnswerNext(rest::testing::ErrorResponse(503, "backendError", "try again"));
              break;
            case 1:
              rest_.AnswerNext(
                  rest::testing::ErrorResponse(403, "rateLimitExceeded", "Exceeded rate limits"));
              break;
            case 2:
              rest_.AnswerNext(absl::DeadlineExceededError("no answer within 60 s"));
              break;
            default:
              rest_.AnswerNext(absl::UnavailableError("connection refused"));
          }
        }
        // So that it is asked.
        if (fault.variant % 2 == 0) {
          End(call, absl::UnavailableError("lost"));
        } else {
          AnswerWith(call, request, Refusal(TableMissing(fault.variant)));
        }
        break;
      case FaultKind::kTableRecreated:
        rest_.ChangeTable(request.table, [](auto& table) {
          table.labels.clear();
          table.creation_time_ms += 1000;
        });
        recreated_.insert(request.table);
        recreated_calls_from_ = static_cast<std::int64_t>(journal_.calls.size());
        tables_.erase(request.table);
        dealt = false;  // Judge() sees it.
        break;
      case FaultKind::kTableTaken:
        rest_.ChangeTable(request.table, [](auto& table) {
          table.labels["bqcdc_epoch"] = "9000000000000000000";
          table.labels["bqcdc_owner"] = "other";
        });
        End(call, absl::UnavailableError("lost"));
        break;
      default:
        dealt = false;  // Struck on arrival.
        continue;
    }
    Struck(fault);
  }
  return dealt;
}

void MisbehavingService::Impl::Process(Call& call, Pending request) {
  if (mutant_ == WireMutant::kDropsResends && request.resent) {
    bool unsettled = false;
    for (const oracle::Row& row : request.rows)
      unsettled = unsettled || !applied_.contains(absl::StrCat(request.table, " ", RowName(row)));
    if (unsettled) return AnswerWith(call, request, {});
  }
  if (call.aborts_left > 0) {
    --call.aborts_left;
    for (auto fault = request.faults.rbegin(); fault != request.faults.rend(); ++fault)
      due_.push_front(*fault);
    return AnswerWith(
        call, request,
        Refusal(absl::AbortedError("The request is aborted because of prior failures on the stream.")));
  }
  if (StrikeRequest(call, request)) return;
  if (call.draining_left >= 0) {
    if (call.draining_left-- == 0) return End(call, Draining());
    return AnswerWith(call, request, Refusal(Draining()));
  }
  if (recreated_.contains(request.table) && call.number >= recreated_calls_from_) {
    // A new call finds the new table, and would write to it.
    ++journal_.appends_after_recreation;
    return AnswerWith(call, request, {});
  }
  if (clock_.Now() < missing_until_ && missing_ends_calls_) return End(call, TableMissing(missing_variant_));
  if (clock_.Now() < schema_lags_until_ && lag_ends_calls_) return End(call, SchemaUnknown());
  Serve(call, request);
}

void MisbehavingService::Impl::Serve(Call& call, Pending& request) {
  if (call.schema_refused >= 0 && request.schema_from == call.schema_refused &&
      request.number != request.schema_from) {
    // Nobody documents the words; both are errors of the request as a whole.
    return AnswerWith(call, request,
                      Refusal(absl::InvalidArgumentError(
                          request.number % 2 == 0 ? "Invalid proto schema: there is none. Entity: x"
                                                  : "The request cannot be decoded. Entity: x")));
  }
  write::AppendResult result = Judge(request);
  if (result.storage_error == StorageErrorCode::kSchemaMismatchExtraFields &&
      request.schema_from == request.number)
    call.schema_refused = request.number;
  if (result.status.ok()) ApplyRows(request.table, request.rows, clock_.Now());
  AnswerWith(call, request, std::move(result));
}

// What the service says to a request; nothing is applied yet.
write::AppendResult MisbehavingService::Impl::Judge(Pending& request) {
  const absl::Time now = clock_.Now();
  if (recreated_.contains(request.table))
    return Refusal(absl::NotFoundError("Table 123:d.t is re-created. Entity: x/_default"));
  if (now < missing_until_) return Refusal(TableMissing(missing_variant_));
  if (now < quota_until_) {
    return Refusal(absl::ResourceExhaustedError(
        "Exceeds 'AppendRows throughput' quota, user_id: x (status: INSUFFICIENT_TOKENS)"));
  }
  if (now < schema_lags_until_) {
    return Refusal(SchemaUnknown(), StorageErrorCode::kSchemaMismatchExtraFields);
  }
  if (oversize_room_ > 0 && request.bytes > preamble_bytes_ + oversize_room_) {
    ++journal_.struck[FaultKind::kOversize];
    return Refusal(absl::InvalidArgumentError(absl::StrCat("AppendRows request too large: ", request.bytes,
                                                           " limit ", preamble_bytes_ + oversize_room_)));
  }
  write::AppendResult result;
  result.row_errors = FindUnfitRows(request.rows);
  if (result.row_errors.empty()) {
    if (schema_updates_left_ > 0) {
      --schema_updates_left_;
      result.schema_updated = true;
    }
    return result;
  }
  if (unnamed_left_ > 0) {
    --unnamed_left_;
    ++journal_.struck[FaultKind::kUnnamedRefusal];
    return Refusal(absl::InvalidArgumentError("The request cannot be decoded. Entity: x"));
  }
  result.status = absl::InvalidArgumentError(
      "Errors found while processing rows. Please refer to the row_errors field for details. The list may "
      "not be "
      "complete because of the size limitations. Entity: x");
  if (in_waves_ && result.row_errors.size() > 1) {
    ++journal_.struck[FaultKind::kBadRowsInWaves];
    const std::size_t kept =
        std::uniform_int_distribution<std::size_t>(0, result.row_errors.size() - 1)(random_);
    result.row_errors = {result.row_errors[kept]};
  }
  if (mutant_ == WireMutant::kForgetsIndexOffset) {
    for (write::RowError& error : result.row_errors) {
      error.index = (error.index + 1) % static_cast<std::int64_t>(request.rows.size());
    }
  }
  return result;
}

void MisbehavingService::Impl::AnswerWith(Call& call, const Pending& request, write::AppendResult result) {
  if (result.status.ok()) {
    journal_.requests[request.number].answered_ok = true;
    for (const oracle::Row& row : request.rows)
      unsettled_.erase(absl::StrCat(request.table, " ", RowName(row)));
  }
  Answer answer;
  answer.response = ResponseOf(result, request.stream);
  answer.not_before = clock_.Now();
  if (slow_left_ > 0) {
    --slow_left_;
    answer.not_before += slow_;
  }
  call.outbox.push_back(std::move(answer));
}

absl::Time MisbehavingService::Impl::NextTime() {
  const absl::Time now = clock_.Now();
  absl::Time next = absl::InfiniteFuture();
  const auto take = [&](absl::Time time) {
    if (time > now) next = std::min(next, time);
  };
  for (const Call* call : calls_) {
    if (call->finished) continue;
    take(call->last_request + script_.habits.idle_close);
    take(call->held_until);
    take(call->reads_from);
    take(call->burst_until);
    if (!call->pending.empty()) take(call->pending.front().ready);
    if (!call->outbox.empty()) take(call->outbox.front().not_before);
  }
  for (const LateAppend& append : late_) take(append.at);
  return next;
}

void MisbehavingService::Impl::CloseIdle(Call& call) {
  if (call.finished || call.end || call.unanswered > 0) return;
  if (clock_.Now() < call.last_request + script_.habits.idle_close) return;
  ++journal_.idle_closes;
  End(call, absl::AbortedError("Closing the stream because it has been inactive for 600 seconds. Entity: x"),
      Call::When::kIdle);
}

// The clock may go on in long strides while the service keeps something back.
void MisbehavingService::Impl::TellClock() {
  const absl::Time now = clock_.Now();
  changed_ = true;  // The own thread looks for its next time.
  bool keeps_back = now < quota_until_ || now < missing_until_ || now < schema_lags_until_;
  for (const Call* call : calls_) {
    if (call->finished) continue;
    keeps_back = keeps_back || call->silent || (call->held_until > now && !call->pending.empty()) ||
                 call->reads_from > now || (!call->outbox.empty() && call->outbox.front().not_before > now);
  }
  absl::Time until = NextTime();
  for (const absl::Time time : {quota_until_, missing_until_, schema_lags_until_}) {
    if (time > now) until = std::min(until, time);
  }
  clock_.ExpectNothingBefore(keeps_back ? until : absl::InfinitePast());
}

void MisbehavingService::Impl::Run() {
  for (;;) {
    std::optional<absl::Duration> restart;
    {
      const auto work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return changed_; };
      absl::MutexLock lock(&mutex_);
      clock_.AwaitWithDeadline(mutex_, absl::Condition(&work), NextTime());
      if (stopping_) return;
      ApplyLate(clock_.Now());
      for (Call* call : calls_) CloseIdle(*call);
      for (auto call = calls_.begin(); call != calls_.end();) Pump(**call++);
      TellClock();
      changed_ = false;
      restart = std::exchange(restart_, std::nullopt);
    }
    if (!restart) continue;
    clock_.Hold();  // Ports and connections go in the machine's time.
    StopServer(*restart);
    StartServer();
    clock_.Release();
  }
}

MisbehavingService::MisbehavingService(Script script, IdleClock& clock, rest::testing::FakeRestService& rest,
                                       WireMutant mutant)
    : impl_(std::make_unique<Impl>(std::move(script), clock, rest, mutant)) {}
MisbehavingService::~MisbehavingService() = default;

write::StorageChannel MisbehavingService::MakeChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // As write::MakeLocalChannel(): with gRPC's own retries a call that is reset early now and then gets
  // answers that belong to other requests (gRPC 1.51).
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  if (impl_->has_relay()) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMs);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    // The clock is held while a connection is frozen, so the client must notice whatever it does meanwhile.
    arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  }
  return {grpc::CreateCustomChannel(impl_->target(), grpc::InsecureChannelCredentials(), arguments), ""};
}

void MisbehavingService::SetAuthorization(std::function<bool(const std::string&)> accepts) {
  impl_->SetAuthorization(std::move(accepts));
}
std::string MisbehavingService::target() const { return impl_->target(); }

oracle::View MisbehavingService::Show(const std::string& table) { return impl_->Show(table); }
Journal MisbehavingService::journal() const { return impl_->journal(); }

}  // namespace bqcdc::misbehaving
