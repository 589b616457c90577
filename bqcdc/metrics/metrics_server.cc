#include "bqcdc/metrics/metrics_server.h"

#include <httplib.h>

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/metrics/exposition.h"

namespace bqcdc::metrics {
namespace {

constexpr char kHost[] = "127.0.0.1";
constexpr std::size_t kThreads = 2;
constexpr std::size_t kRequestBytesMax = 64 * 1024;
constexpr time_t kIdleSeconds = 5;

bool IsLoopbackName(const std::string& header) {
  const std::size_t colon = header.rfind(':');
  const bool has_port = colon != std::string::npos && header.back() != ']';
  const std::string host = header.substr(0, has_port ? colon : header.size());
  return host == kHost || host == "localhost" || host == "[::1]";
}

}  // namespace

struct MetricsServer::Impl {
  MetricsServerOptions options;
  httplib::Server server;
  std::thread thread;
};

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl, int port) : impl_(std::move(impl)), port_(port) {}

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(MetricsServerOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  httplib::Server& server = impl->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_payload_max_length(kRequestBytesMax);
  server.set_keep_alive_timeout(kIdleSeconds);
  server.set_read_timeout(kIdleSeconds);
  server.set_write_timeout(kIdleSeconds);
  server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    if (IsLoopbackName(request.get_header_value("Host"))) return httplib::Server::HandlerResponse::Unhandled;
    response.status = 403;
    response.set_content("ask for 127.0.0.1 or localhost\n", "text/plain");
    return httplib::Server::HandlerResponse::Handled;
  });
  const MetricsServerOptions& with = impl->options;
  server.Get("/metrics", [&with](const httplib::Request&, httplib::Response& response) {
    response.set_content(with.exposition(), kExpositionContentType);
  });
  server.Get("/healthz", [&with](const httplib::Request&, httplib::Response& response) {
    const absl::Status health = with.health();
    response.status = health.ok() ? 200 : 503;
    response.set_content(health.ok() ? "ok\n" : absl::StrCat(std::string(health.message()), "\n"),
                         "text/plain");
  });
  // The socket's own default would let a second program share the port.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  const int wanted = impl->options.port;
  const int port = wanted == 0                          ? server.bind_to_any_port(kHost)
                   : server.bind_to_port(kHost, wanted) ? wanted
                                                        : -1;
  if (port < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", kHost, ":", wanted, " for metrics: is the port taken?"));
  }
  impl->thread = std::thread([&server] { server.listen_after_bind(); });
  // A stop before the thread has got so far would be lost.
  while (!server.is_running()) std::this_thread::yield();
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl), port));
}

MetricsServer::~MetricsServer() {
  impl_->server.stop();
  impl_->thread.join();
}

}  // namespace bqcdc::metrics
