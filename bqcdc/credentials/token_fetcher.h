#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace bqcdc::credentials {

struct FetchedToken {
  std::string token;
  absl::Time expires;
};

// What the kinds of credentials differ in: how a new token is had. Called by one thread at a time; may wait
// for the network, for a bounded time. Errors name the place that refused and never a secret: Unavailable
// where a later try may succeed.
class TokenFetcher {
 public:
  virtual ~TokenFetcher() = default;
  virtual absl::StatusOr<FetchedToken> Fetch(absl::Time now) = 0;
};

}  // namespace bqcdc::credentials
