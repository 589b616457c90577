#include "bqcdc/write/storage_channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_interceptor.h>

#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace bqcdc::write {
namespace {

grpc::ChannelArguments ChannelOptions(const Keepalive& keepalive) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kResponseBytesMax);
  arguments.SetMaxSendMessageSize(-1);  // The batcher keeps requests small; gRPC need not know the limit.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(keepalive.interval)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(keepalive.timeout)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  // Else an open call without rows is looked after by two pings only, and a peer that goes away later is not
  // missed.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // gRPC would send a call that was cut off early again by itself, from copies that it keeps; we send again,
  // in order, knowing what was answered.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // gRPC's own pause between connection attempts grows to two minutes; we pace attempts ourselves.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2000);
  // A channel of our own: not shared with another part of the process that has the same target.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

// The token that went out last.
struct LastToken {
  absl::Mutex mutex;
  std::string token ABSL_GUARDED_BY(mutex);
};

class TokenPlugin final : public grpc::MetadataCredentialsPlugin {
 public:
  TokenPlugin(CallToken token, std::shared_ptr<LastToken> last)
      : token_(std::move(token)), last_(std::move(last)) {}

  // The first token is waited for, and one that expired during an outage. So gRPC runs this on a thread of
  // its pool for such plugins, never on one that moves bytes.
  bool IsBlocking() const override { return true; }
  const char* GetType() const override { return "bqcdc"; }
  grpc::string DebugString() override { return "bqcdc bearer token"; }

  grpc::Status GetMetadata(grpc::string_ref, grpc::string_ref, const grpc::AuthContext&,
                           std::multimap<grpc::string, grpc::string>* metadata) override {
    const absl::StatusOr<std::string> token = token_();
    if (!token.ok()) {
      const auto code = token.status().code() == absl::StatusCode::kUnavailable
                            ? grpc::StatusCode::UNAVAILABLE
                            : grpc::StatusCode::UNAUTHENTICATED;
      return {code, std::string(token.status().message())};
    }
    metadata->emplace("authorization", "Bearer " + *token);
    absl::MutexLock lock(&last_->mutex);
    last_->token = *token;
    return grpc::Status::OK;
  }

 private:
  const CallToken token_;
  const std::shared_ptr<LastToken> last_;
};

// gRPC takes call credentials over TLS alone; where somebody wants a token sent in the open, it is an
// ordinary header.
class PlaintextToken final : public grpc::experimental::Interceptor {
 public:
  explicit PlaintextToken(const CallToken& token) : token_(token) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      // Without one the server says what is missing.
      const absl::StatusOr<std::string> token = token_();
      if (token.ok()) methods->GetSendInitialMetadata()->emplace("authorization", "Bearer " + *token);
    }
    methods->Proceed();
  }

 private:
  const CallToken& token_;
};

class PlaintextTokenFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit PlaintextTokenFactory(CallToken token) : token_(std::move(token)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(grpc::experimental::ClientRpcInfo*) override {
    return new PlaintextToken(token_);
  }

 private:
  const CallToken token_;
};

}  // namespace

StorageChannel MakeLocalChannel(const std::string& target, CallToken token, Keepalive keepalive) {
  grpc::ChannelArguments arguments = ChannelOptions(keepalive);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  if (token) interceptors.push_back(std::make_unique<PlaintextTokenFactory>(std::move(token)));
  return {grpc::experimental::CreateCustomChannelWithInterceptors(target, grpc::InsecureChannelCredentials(),
                                                                  arguments, std::move(interceptors)),
          "",
          {}};
}

StorageChannel MakeServiceChannel(const std::string& target, ServiceChannelOptions options) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = std::move(options.root_certificates);
  const auto last = std::make_shared<LastToken>();
  auto plugin =
      std::unique_ptr<grpc::MetadataCredentialsPlugin>(new TokenPlugin(std::move(options.token), last));
  const auto credentials = grpc::CompositeChannelCredentials(
      grpc::SslCredentials(tls), grpc::MetadataCredentialsFromPlugin(std::move(plugin)));
  grpc::ChannelArguments arguments = ChannelOptions(options.keepalive);
  if (options.ignore_proxy) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  StorageChannel channel = {
      grpc::CreateCustomChannel(target, credentials, arguments), std::move(options.user_project), {}};
  if (options.refused) {
    channel.token_refused = [last, refused = std::move(options.refused)] {
      std::string token;
      {
        absl::MutexLock lock(&last->mutex);
        token = last->token;
      }
      if (!token.empty()) refused(token);
    };
  }
  return channel;
}

}  // namespace bqcdc::write
