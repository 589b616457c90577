#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace bqcdc::emulator::handlers {

// The bearer tokens that a server accepts, on REST and gRPC alike. Without any, everything is served.
// Immutable.
class BearerTokens {
 public:
  BearerTokens() = default;
  explicit BearerTokens(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  bool wanted() const { return !tokens_.empty(); }
  // `authorization` is the value of the request's header, "" where it has none. Errors: Unauthenticated, in
  // the service's words. Takes the same time for every wrong token of a length.
  absl::Status Check(std::string_view authorization) const;

 private:
  std::vector<std::string> tokens_;
};

}  // namespace bqcdc::emulator::handlers
