#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/rest/token_source.h"

namespace bqcdc::rest {

// A token is fetched again this long before it expires, so that no request travels with one about to end.
inline constexpr absl::Duration kTokenRefreshMargin = absl::Minutes(4);

struct FetchedToken {
  std::string token;
  absl::Time expires;
};

// Keeps a token until it is about to expire; the kinds of credentials differ in Fetch() only. Thread-safe.
class CachingTokenSource : public TokenSource {
 public:
  explicit CachingTokenSource(const base::Clock& clock) : clock_(clock) {}

  absl::StatusOr<std::string> Token() final {
    absl::MutexLock lock(&mutex_);
    if (clock_.Now() + kTokenRefreshMargin < held_.expires) return held_.token;
    absl::StatusOr<FetchedToken> fetched = Fetch(clock_.Now());
    if (fetched.ok()) {
      held_ = *std::move(fetched);
      return held_.token;
    }
    // A failed refresh does no harm while the old token still holds.
    if (clock_.Now() < held_.expires) return held_.token;
    return fetched.status();
  }

 protected:
  virtual absl::StatusOr<FetchedToken> Fetch(absl::Time now) = 0;

 private:
  const base::Clock& clock_;
  absl::Mutex mutex_;
  FetchedToken held_ ABSL_GUARDED_BY(mutex_) = {"", absl::InfinitePast()};
};

}  // namespace bqcdc::rest
