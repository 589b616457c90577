#include "bqcdc/emulator/server/http_server.h"

#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "bqcdc/base/strings.h"
#include "httplib.h"

namespace bqcdc::emulator::server {
namespace {

// A kept-alive connection holds a thread, so there are some more than cores.
constexpr size_t kThreads = 64;
constexpr size_t kRequestsPerConnectionMax = 10'000;
constexpr int kStartTriesMax = 5'000;  // of a millisecond each

}  // namespace

struct HttpServer::Impl {
  httplib::Server server;
  int port = 0;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const std::string& host, int port, const std::function<void(httplib::Server&)>& mount) {
  auto impl = std::make_unique<Impl>();
  httplib::Server& server = impl->server;
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
  impl_->server.stop();
  impl_->thread.join();
}

}  // namespace bqcdc::emulator::server
