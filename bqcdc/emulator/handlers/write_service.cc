#include "bqcdc/emulator/handlers/write_service.h"

#include <algorithm>
#include <functional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/handlers/append_connection.h"
#include "bqcdc/emulator/handlers/append_errors.h"
#include "bqcdc/emulator/handlers/in_flight_budget.h"
#include "bqcdc/emulator/handlers/task_worker.h"
#include "bqcdc/emulator/handlers/write_streams.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"

namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using v1::BigQueryWrite;

// AppendRows gets raw buffers: the generated message would copy every row.
using ServiceBase = BigQueryWrite::WithRawCallbackMethod_AppendRows<
    BigQueryWrite::WithCallbackMethod_CreateWriteStream<BigQueryWrite::WithCallbackMethod_GetWriteStream<
        BigQueryWrite::WithCallbackMethod_FinalizeWriteStream<
            BigQueryWrite::WithCallbackMethod_BatchCommitWriteStreams<
                BigQueryWrite::WithCallbackMethod_FlushRows<BigQueryWrite::Service>>>>>>;

// A call that is refused before anything of it is read.
class RefusedAppend final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit RefusedAppend(const absl::Status& status) { Finish(RpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

class WriteService::Impl final : public ServiceBase {
 public:
  Impl(engine::Database& database, const base::Clock& clock, DefaultEvaluator evaluate_default,
       WriteOptions options)
      : database_(database),
        clock_(clock),
        evaluate_default_(std::move(evaluate_default)),
        options_(std::move(options)),
        budget_(options_.total_bytes_max),
        schemas_(options_.schema_bytes_max),
        propagation_(options_.column_propagation),
        context_{database_, clock_,       options_, evaluate_default_, budget_,
                 schemas_,  propagation_, worker_,  counters_},
        idle_thread_([this] { CloseIdleConnections(); }) {}

  ~Impl() override {
    {
      absl::MutexLock lock(&mutex_);
      stop_ = true;
    }
    idle_thread_.join();
    budget_.AwaitEmpty();
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* AppendRows(
      grpc::CallbackServerContext* context) override {
    if (const absl::Status refusal = Authenticate(*context); !refusal.ok()) return new RefusedAppend(refusal);
    if (counters_.connections_open >= options_.connections_max) {
      counters_.connections_refused++;
      return new RefusedAppend(TooManyConnections(static_cast<size_t>(options_.connections_max)));
    }
    const std::shared_ptr<AppendConnection> connection =
        AppendConnection::Start(context_, [this](AppendConnection* over) { Forget(over); });
    absl::MutexLock lock(&mutex_);
    connections_[connection.get()] = connection;
    ++connections_started_;
    return connection.get();
  }

  grpc::ServerUnaryReactor* CreateWriteStream(grpc::CallbackServerContext* context,
                                              const v1::CreateWriteStreamRequest* request,
                                              v1::WriteStream* response) override {
    return AnswerLater(context, [=, this] {
      return CreateStream(database_, options_.table_propagation, *request, response);
    });
  }
  grpc::ServerUnaryReactor* GetWriteStream(grpc::CallbackServerContext* context,
                                           const v1::GetWriteStreamRequest* request,
                                           v1::WriteStream* response) override {
    return Answer(context,
                  [=, this] { return GetStream(database_, options_.table_propagation, *request, response); });
  }
  grpc::ServerUnaryReactor* FinalizeWriteStream(grpc::CallbackServerContext* context,
                                                const v1::FinalizeWriteStreamRequest* request,
                                                v1::FinalizeWriteStreamResponse* response) override {
    return AnswerLater(context, [=, this] { return FinalizeStream(database_, *request, response); });
  }
  grpc::ServerUnaryReactor* BatchCommitWriteStreams(grpc::CallbackServerContext* context,
                                                    const v1::BatchCommitWriteStreamsRequest* request,
                                                    v1::BatchCommitWriteStreamsResponse* response) override {
    return AnswerLater(context, [=, this] { return CommitStreams(database_, *request, response); });
  }
  grpc::ServerUnaryReactor* FlushRows(grpc::CallbackServerContext* context,
                                      const v1::FlushRowsRequest* request,
                                      v1::FlushRowsResponse* response) override {
    return AnswerLater(context, [=, this] { return FlushStream(database_, *request, response); });
  }

  const WriteCounters& counters() const { return counters_; }

  void AwaitIdleCheck() {
    const absl::Time now = clock_.Now();
    absl::MutexLock lock(&mutex_);
    check_wanted_ = std::max(check_wanted_, now);
    const auto checked = [this, now]()
                             ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stop_ || idle_checked_ >= now; };
    mutex_.Await(absl::Condition(&checked));
  }

  void CloseConnections() {
    for (const auto& connection : Connections()) connection->Close(Restarting());
  }

 private:
  absl::Status Authenticate(const grpc::CallbackServerContext& context) const {
    const auto found = context.client_metadata().find("authorization");
    const bool sent = found != context.client_metadata().end();
    return options_.bearer_tokens.Check(sent ? std::string_view(found->second.data(), found->second.size())
                                             : std::string_view());
  }

  static void Finish(grpc::ServerUnaryReactor* reactor, const absl::Status& status) {
    reactor->Finish(status.ok() ? grpc::Status::OK : RpcStatus(status));
  }
  // For methods that wait for nothing.
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                   const std::function<absl::Status()>& method) {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    absl::Status status = Authenticate(*context);
    if (status.ok()) status = method();
    Finish(reactor, status);
    return reactor;
  }
  // For methods that wait for their commit, which must not hold up gRPC's threads.
  grpc::ServerUnaryReactor* AnswerLater(grpc::CallbackServerContext* context,
                                        std::function<absl::Status()> method) {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    if (const absl::Status refusal = Authenticate(*context); !refusal.ok()) {
      Finish(reactor, refusal);
    } else {
      stream_worker_.Post([reactor, method = std::move(method)] { Finish(reactor, method()); });
    }
    return reactor;
  }

  void Forget(AppendConnection* connection) {
    absl::MutexLock lock(&mutex_);
    connections_.erase(connection);
  }

  std::vector<std::shared_ptr<AppendConnection>> Connections() {
    std::vector<std::shared_ptr<AppendConnection>> result;
    absl::MutexLock lock(&mutex_);
    result.reserve(connections_.size());
    for (const auto& [key, weak] : connections_) {
      if (auto connection = weak.lock()) result.push_back(std::move(connection));
    }
    return result;
  }

  // Sleeps, by the server's clock, until the connection that has been idle longest reaches its limit.
  void CloseIdleConnections() {
    for (;;) {
      int64_t seen;
      {
        absl::MutexLock lock(&mutex_);
        seen = connections_started_;
      }
      const absl::Time now = clock_.Now();
      absl::Time oldest = absl::InfiniteFuture();
      for (const auto& connection : Connections()) {
        const absl::Time last = connection->CloseIfIdle(now - options_.idle_timeout);
        if (last > now - options_.idle_timeout) oldest = std::min(oldest, last);
      }
      absl::MutexLock lock(&mutex_);
      idle_checked_ = now;
      // A new connection can only be the next to expire where there is no older one.
      const bool any = oldest != absl::InfiniteFuture();
      const auto wake = [this, any, seen]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stop_ || check_wanted_ > idle_checked_ || (!any && connections_started_ != seen);
      };
      clock_.AwaitWithDeadline(mutex_, absl::Condition(&wake), oldest + options_.idle_timeout);
      if (stop_) return;
    }
  }

  engine::Database& database_;
  const base::Clock& clock_;
  const DefaultEvaluator evaluate_default_;
  const WriteOptions options_;
  WriteCounters counters_;
  InFlightBudget budget_;
  SchemaBudget schemas_;
  ColumnPropagation propagation_;
  TaskWorker worker_;
  TaskWorker stream_worker_;
  const AppendContext context_;

  absl::Mutex mutex_;
  std::unordered_map<AppendConnection*, std::weak_ptr<AppendConnection>> connections_ ABSL_GUARDED_BY(mutex_);
  int64_t connections_started_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time check_wanted_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time idle_checked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::thread idle_thread_;
};

WriteService::WriteService(engine::Database& database, const base::Clock& clock,
                           DefaultEvaluator evaluate_default, WriteOptions options)
    : impl_(std::make_unique<Impl>(database, clock, std::move(evaluate_default), std::move(options))) {}

WriteService::~WriteService() = default;

grpc::Service* WriteService::service() { return impl_.get(); }
const WriteCounters& WriteService::counters() const { return impl_->counters(); }
void WriteService::AwaitIdleCheck() { impl_->AwaitIdleCheck(); }
void WriteService::CloseConnections() { impl_->CloseConnections(); }

}  // namespace bqcdc::emulator::handlers
