#include "bqcdc/emulator/server/http_server.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>
#include <thread>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/server/pem_objects.h"
#include "httplib.h"

namespace bqcdc::emulator::server {
namespace {

// The library's own is 5: a burst of clients would wait for their second try.
constexpr int kBacklog = 1024;
// Told to clients; nobody counts. The library's own is 5, and some clients keep to the number (Java's does).
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

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

TlsContext MakeTlsContext(const TlsIdentity& identity) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr || !SetUpTls(*context, identity)) return nullptr;
  return context;
}

// Connections that this server may hold: half of the process's files, so that the store and gRPC have theirs.
size_t DescriptorShare() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return std::max<size_t>(1, limit.rlim_cur / 2);
}

// A request that is there as a whole, and where its answer goes.
class BufferStream final : public httplib::Stream {
 public:
  BufferStream(std::string_view request, std::string* answer) : rest_(request), answer_(answer) {}

  bool is_readable() const override { return !rest_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    const size_t taken = rest_.copy(to, size);
    rest_.remove_prefix(taken);
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char* from, size_t size) override {
    // The library says it first of all, but the body is here already.
    const bool continues = answer_->empty() && std::string_view(from, size) == kContinueAnswer;
    if (!continues) answer_->append(from, size);
    return static_cast<ssize_t>(size);
  }
  // Nobody here asks who the client is.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

 private:
  std::string_view rest_;
  std::string* const answer_;
};

// The library's queue of accepted connections: they go to the desk at once.
class NoQueue final : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> admit) override { admit(); }
  void shutdown() override {}
};

// The library with its handling of sockets replaced: it listens, parses whole requests and writes answers.
class DeskServer final : public httplib::Server {
 public:
  DeskServer() {
    new_task_queue = [] { return new NoQueue; };
  }

  void Open(FrontDeskLimits limits, SSL_CTX* tls) {
    limits.connections_max = std::min(limits.connections_max, DescriptorShare());
    // For the header Keep-Alive.
    set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(limits.idle).count());
    set_keep_alive_max_count(kRequestsPerConnectionMax);
    ::listen(svr_sock_, kBacklog);
    desk_ = std::make_unique<HttpFrontDesk>(
        limits, tls, [this](std::string_view request, bool close_afterwards, std::string* answer) {
          BufferStream stream(request, answer);
          bool closed = false;
          return process_request(stream, close_afterwards, closed, nullptr) && !closed && !close_afterwards;
        });
  }
  void Close() {
    if (desk_ != nullptr) desk_->Stop();
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    desk_->Admit(socket);
    return true;
  }

  std::unique_ptr<HttpFrontDesk> desk_;
};

}  // namespace

struct HttpServer::Impl {
  TlsContext tls;
  std::unique_ptr<DeskServer> server;
  int port = 0;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const std::string& host, int port, const std::function<void(httplib::Server&)>& mount,
    const TlsIdentity* tls, const FrontDeskLimits& limits) {
  auto impl = std::make_unique<Impl>();
  if (tls != nullptr) {
    impl->tls = MakeTlsContext(*tls);
    if (impl->tls == nullptr) {
      return base::Error(absl::StatusCode::kFailedPrecondition,
                         "OpenSSL does not take the certificate of --tls-cert");
    }
  }
  impl->server = std::make_unique<DeskServer>();
  DeskServer& server = *impl->server;
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
  server.Open(limits, impl->tls.get());
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
  impl_->server->Close();
}

}  // namespace bqcdc::emulator::server
