#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace bqcdc::credentials {

// Gives bearer tokens, to REST and gRPC alike. Implementations are thread-safe, keep a token until shortly
// before it expires, and never put a credential into an error text.
class TokenSource {
 public:
  virtual ~TokenSource() = default;

  // The token without "Bearer "; empty where none is wanted (local endpoints). Errors: Unavailable where a
  // later call may succeed, anything else where somebody has to do something first.
  virtual absl::StatusOr<std::string> Token() = 0;

  // When the token that was given out last expires; InfiniteFuture where nobody says so.
  virtual absl::Time Expiry() const { return absl::InfiniteFuture(); }

  // The service did not accept `token`: it is not given out again where another can be had. Does nothing when
  // another token has taken its place already.
  virtual void Refused(const std::string& token) { (void)token; }
};

// For endpoints without credentials.
class NoToken final : public TokenSource {
 public:
  absl::StatusOr<std::string> Token() override { return std::string(); }
};

}  // namespace bqcdc::credentials
