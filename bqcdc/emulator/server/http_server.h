#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/server/http_front_desk.h"
#include "bqcdc/emulator/server/tls_identity.h"

namespace httplib {
class Server;
}

namespace bqcdc::emulator::server {

// An HTTP server that listens from Start() to its destruction. Connections are bounded in number, time and
// memory, requests in number (http_front_desk.h).
class HttpServer {
 public:
  // `mount` adds the paths. Port 0: any free one. With `tls` it speaks HTTPS alone. Errors:
  // FailedPrecondition naming `host:port` when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& host, int port,
                                                           const std::function<void(httplib::Server&)>& mount,
                                                           const TlsIdentity* tls = nullptr,
                                                           const FrontDeskLimits& limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;
  // Ends listening and waits for running requests. Idempotent.
  void Stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bqcdc::emulator::server
