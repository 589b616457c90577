#include "bqcdc/write/testing/fake_write_service.h"

#include <google/cloud/bigquery/storage/v1/storage.grpc.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace bqcdc::write::testing {

namespace storage = google::cloud::bigquery::storage::v1;

class FakeWriteService::Impl : public storage::BigQueryWrite::Service {
 public:
  explicit Impl(Script script) : script_(std::move(script)) {}

  grpc::Status AppendRows(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<storage::AppendRowsResponse, storage::AppendRowsRequest>* stream) override {
    int call = 0;
    {
      absl::MutexLock lock(&mutex_);
      call = call_count_++;
    }
    storage::AppendRowsRequest request;
    for (int in_call = 0; stream->Read(&request); ++in_call) {
      const int ends_before = idle_ends();  // Whoever has the answer may end the call at once.
      const Reply reply = Decide(*context, request, call, in_call);
      const bool answers = reply.kind != Reply::Kind::kEndCall && reply.kind != Reply::Kind::kSilence;
      if (answers && !stream->Write(ResponseOf(reply.result))) break;
      if (reply.kind == Reply::Kind::kAnswerAndIdle) AwaitIdleEnd(*context, ends_before);
      if (reply.kind != Reply::Kind::kAnswer && reply.kind != Reply::Kind::kSilence) {
        return {static_cast<grpc::StatusCode>(reply.end.raw_code()), std::string(reply.end.message())};
      }
    }
    return grpc::Status::OK;
  }

  void Start() {
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(64 * 1024 * 1024);
    // gRPC's own server ends a connection for its fourth keepalive ping without data, which would pass for
    // the client's doing in a test of lost peers.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    int port = port_;
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_), grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    port_ = port;
  }
  void Stop() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  void GoAway(absl::Duration patience) {
    server_->Shutdown(absl::ToChronoTime(absl::Now() + patience));
    server_.reset();
  }

  void EndIdleCalls() {
    absl::MutexLock lock(&mutex_);
    ++idle_ends_;
  }
  int idle_ends() const {
    absl::MutexLock lock(&mutex_);
    return idle_ends_;
  }
  void AwaitIdleEnd(const grpc::ServerContext& context, int before) const {
    const auto ended = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return idle_ends_ > before; };
    absl::MutexLock lock(&mutex_);
    while (!context.IsCancelled() &&
           !mutex_.AwaitWithTimeout(absl::Condition(&ended), absl::Milliseconds(10))) {
    }
  }

  Reply Decide(const grpc::ServerContext& context, const storage::AppendRowsRequest& request, int call,
               int in_call) {
    SeenRequest seen;
    seen.call = call;
    seen.in_call = in_call;
    seen.write_stream = request.write_stream();
    seen.trace_id = request.trace_id();
    seen.has_schema = request.proto_rows().has_writer_schema();
    for (const auto& field : request.proto_rows().writer_schema().proto_descriptor().field())
      seen.fields.push_back(field.name());
    seen.rows.assign(request.proto_rows().rows().serialized_rows().begin(),
                     request.proto_rows().rows().serialized_rows().end());
    seen.byte_count = request.ByteSizeLong();
    const auto routing = context.client_metadata().find("x-goog-request-params");
    if (routing != context.client_metadata().end()) {
      seen.routing.assign(routing->second.data(), routing->second.size());
    }
    absl::MutexLock lock(&mutex_);
    Reply reply = script_(seen);
    if (reply.result.status.ok() && reply.kind != Reply::Kind::kEndCall &&
        reply.kind != Reply::Kind::kSilence) {
      stored_rows_.insert(stored_rows_.end(), seen.rows.begin(), seen.rows.end());
    }
    requests_.push_back(std::move(seen));
    return reply;
  }

  static storage::AppendRowsResponse ResponseOf(const AppendResult& result) {
    storage::AppendRowsResponse response;
    if (result.schema_updated) response.mutable_updated_schema();
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
    for (const RowError& row : result.row_errors) {
      storage::RowError* error = response.add_row_errors();
      error->set_index(row.index);
      error->set_code(storage::RowError::FIELDS_ERROR);
      error->set_message(row.message);
    }
    return response;
  }

  const Script script_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  mutable absl::Mutex mutex_;
  int call_count_ ABSL_GUARDED_BY(mutex_) = 0;
  int idle_ends_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<SeenRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> stored_rows_ ABSL_GUARDED_BY(mutex_);
};

FakeWriteService::FakeWriteService(Script script) : impl_(std::make_unique<Impl>(std::move(script))) {
  Start();
}
FakeWriteService::~FakeWriteService() { Stop(); }
std::string FakeWriteService::target() const { return absl::StrCat("127.0.0.1:", impl_->port_); }
std::vector<SeenRequest> FakeWriteService::requests() const {
  absl::MutexLock lock(&impl_->mutex_);
  return impl_->requests_;
}
std::vector<std::string> FakeWriteService::stored_rows() const {
  absl::MutexLock lock(&impl_->mutex_);
  return impl_->stored_rows_;
}
int FakeWriteService::call_count() const {
  absl::MutexLock lock(&impl_->mutex_);
  return impl_->call_count_;
}
void FakeWriteService::Stop() { impl_->Stop(); }
void FakeWriteService::Start() { impl_->Start(); }
void FakeWriteService::EndIdleCalls() { impl_->EndIdleCalls(); }
void FakeWriteService::GoAway(absl::Duration patience) { impl_->GoAway(patience); }

}  // namespace bqcdc::write::testing
