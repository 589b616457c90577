#include "bqcdc/write/storage_channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <map>
#include <utility>

#include "bqcdc/write/limits.h"

namespace bqcdc::write {
namespace {

grpc::ChannelArguments ChannelOptions() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kResponseBytesMax);
  arguments.SetMaxSendMessageSize(-1);  // The batcher keeps requests small; gRPC need not know the limit.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(kKeepaliveInterval)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(kKeepaliveTimeout)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
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

class TokenPlugin final : public grpc::MetadataCredentialsPlugin {
 public:
  explicit TokenPlugin(CallToken token) : token_(std::move(token)) {}

  bool IsBlocking() const override { return true; }  // A refresh asks a token endpoint.
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
    return grpc::Status::OK;
  }

 private:
  const CallToken token_;
};

}  // namespace

StorageChannel MakeLocalChannel(const std::string& target) {
  grpc::ChannelArguments arguments = ChannelOptions();
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return {grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments), ""};
}

absl::StatusOr<StorageChannel> MakeServiceChannel(const std::string& target, CallToken token,
                                                  std::string user_project) {
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (token) {
    auto plugin = std::unique_ptr<grpc::MetadataCredentialsPlugin>(new TokenPlugin(std::move(token)));
    credentials = grpc::CompositeChannelCredentials(grpc::SslCredentials({}),
                                                    grpc::MetadataCredentialsFromPlugin(std::move(plugin)));
  } else {
    credentials = grpc::GoogleDefaultCredentials();
  }
  if (credentials == nullptr)
    return absl::FailedPreconditionError("gRPC finds no Application Default Credentials");
  return StorageChannel{grpc::CreateCustomChannel(target, credentials, ChannelOptions()),
                        std::move(user_project)};
}

}  // namespace bqcdc::write
