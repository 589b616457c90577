#include "bqcdc/emulator/server/grpc_server.h"

#include <algorithm>
#include <chrono>
#include <climits>

#include "bqcdc/base/strings.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace bqcdc::emulator::server {
namespace {

// Requests beyond the service's limit are refused in the stream, as the service does; far beyond it gRPC ends
// the RPC.
constexpr int64_t kMessageBytesMin = 32 * 1024 * 1024;
// Who has not said what HTTP/2 begins with by then is cut off.
constexpr int kHandshakeMs = 10'000;
// Clients that send nothing may ping as often as this. Those of Go and Java do so every 10 s at most.
constexpr int kPingIntervalMs = 1'000;
// What gRPC itself holds of all connections: messages that have come in part, and answers. Under pressure it
// reads more slowly, then it ends calls.
constexpr size_t kBufferBytesMax = size_t{1024} * 1024 * 1024;
constexpr std::chrono::seconds kStopPatience(5);

std::shared_ptr<grpc::ServerCredentials> Credentials(const TlsIdentity* tls) {
  if (tls == nullptr) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  options.pem_key_cert_pairs.push_back({tls->private_key, tls->certificates});
  return grpc::SslServerCredentials(options);
}

}  // namespace

struct GrpcServer::Impl {
  handlers::WriteService* service = nullptr;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

GrpcServer::GrpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const std::string& host, int port,
                                                              int64_t request_bytes_max,
                                                              handlers::WriteService& service,
                                                              const TlsIdentity* tls) {
  auto impl = std::make_unique<Impl>();
  impl->service = &service;
  grpc::ServerBuilder builder;
  // Two servers must not share a port without noticing.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  // gRPC's default takes the third keepalive ping of a client that sends nothing meanwhile for an attack.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMs);
  builder.SetResourceQuota(grpc::ResourceQuota("bqcdc-serve").Resize(kBufferBytesMax));
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(std::min<int64_t>(INT_MAX, std::max(kMessageBytesMin, 2 * request_bytes_max))));
  const std::string address =
      base::StrCat(host.find(':') == std::string::npos ? host : "[" + host + "]", ":", port);
  builder.AddListeningPort(address, Credentials(tls), &impl->port);
  builder.RegisterService(service.service());
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || impl->port == 0) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "cannot listen on ", address,
                       ": is the port taken?");
  }
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(impl)));
}

GrpcServer::~GrpcServer() { Stop(); }

int GrpcServer::port() const { return impl_->port; }

void GrpcServer::Stop() {
  if (impl_->server == nullptr) return;
  impl_->service->CloseConnections();
  impl_->server->Shutdown(std::chrono::system_clock::now() + kStopPatience);
  impl_->server->Wait();
  impl_->server.reset();
}

}  // namespace bqcdc::emulator::server
