#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace bqcdc::rest {

// Gives bearer tokens. Implementations are thread-safe, keep a token until shortly before it expires, and
// never put a credential into an error text.
class TokenSource {
 public:
  virtual ~TokenSource() = default;

  // The token without "Bearer "; empty where none is wanted (local endpoints).
  virtual absl::StatusOr<std::string> Token() = 0;
};

// For endpoints without credentials.
class NoToken final : public TokenSource {
 public:
  absl::StatusOr<std::string> Token() override { return std::string(); }
};

}  // namespace bqcdc::rest
