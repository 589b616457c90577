#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "grpcpp/grpcpp.h"
#include "tests/conformance/endpoint.h"

namespace bqcdc::conformance {

// Many AppendRows calls that are open at once, a hundred on each connection. Not thread-safe.
class HeldCalls {
 public:
  explicit HeldCalls(Endpoint& endpoint);
  // Ends all.
  ~HeldCalls();

  // Opens calls for a table's default stream (projects/…/tables/…) and sends on each a request without rows,
  // which counts and stores nothing, until `count` are open. Errors: that with which the service refuses one.
  absl::Status Open(const std::string& table, size_t count);

 private:
  struct Call;

  absl::Status AddConnection(const std::string& table, size_t calls);

  Endpoint& endpoint_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<Call>> calls_;
  size_t held_ = 0;
};

}  // namespace bqcdc::conformance
