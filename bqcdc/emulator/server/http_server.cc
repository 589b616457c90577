#include "bqcdc/emulator/server/http_server.h"

#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/server/pem_objects.h"
#include "httplib.h"

namespace bqcdc::emulator::server {
namespace {

// A kept-alive connection holds a thread, so there are some more than cores.
constexpr size_t kThreads = 64;
constexpr size_t kRequestsPerConnectionMax = 10'000;
constexpr int kStartTriesMax = 5'000;  // of a millisecond each

// Both libraries of the server get the same texts, so that they cannot disagree on who it is.
bool SetUpTls(SSL_CTX& context, const TlsIdentity& identity) {
  const auto certificates = ReadCertificates(identity.certificates);
  const PrivateKey key = ReadPrivateKey(identity.private_key);
  if (certificates.empty() || key == nullptr) return false;
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  SSL_CTX_set_options(&context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  if (SSL_CTX_use_certificate(&context, certificates.front().get()) != 1) return false;
  for (size_t i = 1; i < certificates.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(&context, certificates[i].get()) != 1) return false;
  }
  return SSL_CTX_use_PrivateKey(&context, key.get()) == 1;
}

std::unique_ptr<httplib::Server> MakeServer(const TlsIdentity* tls) {
  if (tls == nullptr) return std::make_unique<httplib::Server>();
  return std::make_unique<httplib::SSLServer>([tls](SSL_CTX& context) { return SetUpTls(context, *tls); });
}

}  // namespace

struct HttpServer::Impl {
  std::unique_ptr<httplib::Server> server;
  int port = 0;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const std::string& host, int port, const std::function<void(httplib::Server&)>& mount,
    const TlsIdentity* tls) {
  auto impl = std::make_unique<Impl>();
  impl->server = MakeServer(tls);
  httplib::Server& server = *impl->server;
  if (!server.is_valid()) {
    return base::Error(absl::StatusCode::kFailedPrecondition,
                       "OpenSSL does not take the certificate of --tls-cert");
  }
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_keep_alive_max_count(kRequestsPerConnectionMax);
  server.set_tcp_nodelay(true);
  // The library would set SO_REUSEPORT, and then two servers could share a port without noticing.
  server.set_socket_options([](socket_t socket) {
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  mount(server);
  impl->port = port == 0 ? server.bind_to_any_port(host) : server.bind_to_port(host, port) ? port : -1;
  if (impl->port <= 0) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "cannot listen on ", host, ":", port,
                       ": is the port taken?");
  }
  impl->thread = std::thread([&server] { server.listen_after_bind(); });
  // stop() does nothing before the loop runs, and the library tells of it in no other way.
  for (int tries = 0; !server.is_running() && tries < kStartTriesMax; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() { Stop(); }

int HttpServer::port() const { return impl_->port; }

void HttpServer::Stop() {
  if (!impl_->thread.joinable()) return;
  impl_->server->stop();
  impl_->thread.join();
}

}  // namespace bqcdc::emulator::server
