#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/credentials/token_fetcher.h"
#include "bqcdc/credentials/token_source.h"

namespace bqcdc::credentials {

// A new token is fetched this long before the old one expires (of a short-lived one when three quarters of
// its life are over). The metadata server gives out the old one until four minutes before its end, so earlier
// would be in vain.
inline constexpr absl::Duration kRefreshAhead = absl::Seconds(225);
// Nobody gets a token that expires sooner than this: it might on its way.
inline constexpr absl::Duration kExpiryGuard = absl::Seconds(15);
// Between two attempts while the old token still holds.
inline constexpr absl::Duration kRefreshPause = absl::Seconds(10);

// Keeps a fetcher's token. While it holds, calls return at once, and a thread of this object fetches the next
// one; a call waits only where there is none to give out. At most one fetch runs at a time, and those who
// wait share its outcome.
class CachedTokens final : public TokenSource {
 public:
  // `origin` begins every error text: "credentials file /x.json". `clock` must outlive the object.
  CachedTokens(std::unique_ptr<TokenFetcher> fetcher, const base::Clock& clock, std::string origin);
  // Waits for a fetch that is under way.
  ~CachedTokens() override;

  absl::StatusOr<std::string> Token() override;
  absl::Time Expiry() const override;
  void Refused(const std::string& token) override;

 private:
  // Runs the fetcher without the lock. REQUIRES: nobody else does.
  void Fetch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work();
  bool IsUsable(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<TokenFetcher> fetcher_;
  const base::Clock& clock_;
  const std::string origin_;

  mutable absl::Mutex mutex_;
  FetchedToken held_ ABSL_GUARDED_BY(mutex_) = {"", absl::InfinitePast()};
  absl::Time refresh_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);  // of the last fetch
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t fetches_ ABSL_GUARDED_BY(mutex_) = 0;  // that have ended
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;  // by the thread
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);  // started with the first refresh
};

}  // namespace bqcdc::credentials
