#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bqcdc::metrics {

struct MetricsServerOptions {
  int port = 0;  // 0 = any free one
  // The body of /metrics. Called from the server's threads.
  std::function<std::string()> exposition;
  // Ok, or why the run does not work: /healthz. Called from the server's threads.
  std::function<absl::Status()> health;
};

// Answers GET /metrics and GET /healthz on 127.0.0.1, with two threads of its own. Requests for other hosts
// than the loopback's names are refused, so that no web page can ask through a person's browser.
class MetricsServer {
 public:
  // Errors: Unavailable where the port is taken.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(MetricsServerOptions options);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const { return port_; }

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl, int port);

  std::unique_ptr<Impl> impl_;
  const int port_;
};

}  // namespace bqcdc::metrics
