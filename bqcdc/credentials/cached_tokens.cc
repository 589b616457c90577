#include "bqcdc/credentials/cached_tokens.h"

#include <algorithm>
#include <utility>

#include "bqcdc/base/strings.h"
#include "bqcdc/credentials/token_text.h"

namespace bqcdc::credentials {

CachedTokens::CachedTokens(std::unique_ptr<TokenFetcher> fetcher, const base::Clock& clock,
                           std::string origin)
    : fetcher_(std::move(fetcher)), clock_(clock), origin_(std::move(origin)) {}

CachedTokens::~CachedTokens() {
  std::thread thread;
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

bool CachedTokens::IsUsable(absl::Time now) const { return now + kExpiryGuard < held_.expires; }

absl::StatusOr<std::string> CachedTokens::Token() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  if (IsUsable(now)) {
    if (now >= refresh_at_ && !fetching_ && !wanted_) {
      wanted_ = true;
      if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
    }
    return held_.token;
  }
  if (fetching_ || wanted_) {
    const int64_t before = fetches_;
    const auto ended = [this, before]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return fetches_ != before; };
    mutex_.Await(absl::Condition(&ended));
  } else {
    Fetch();
  }
  if (failure_.ok() && !held_.token.empty()) return held_.token;
  // To the last moment an old token is better than none.
  if (clock_.Now() < held_.expires) return held_.token;
  if (!failure_.ok()) return failure_;
  return base::Error(absl::StatusCode::kUnavailable, origin_,
                     ": the token was refused while others waited for it");
}

absl::Time CachedTokens::Expiry() const {
  absl::MutexLock lock(&mutex_);
  return held_.expires;
}

void CachedTokens::Refused(const std::string& token) {
  absl::MutexLock lock(&mutex_);
  if (token == held_.token) held_ = {"", absl::InfinitePast()};
}

void CachedTokens::Fetch() {
  fetching_ = true;
  mutex_.Unlock();
  const absl::Time now = clock_.Now();
  absl::StatusOr<FetchedToken> fetched = fetcher_->Fetch(now);
  mutex_.Lock();
  fetching_ = false;
  ++fetches_;
  if (fetched.ok() && !IsTokenText(fetched->token)) {
    fetched = absl::UnauthenticatedError(
        "the token that was given is not one: it is empty, too long or has blanks in it");
  }
  if (!fetched.ok()) {
    failure_ = base::Error(fetched.status().code(), origin_, ": ", std::string(fetched.status().message()));
    refresh_at_ = clock_.Now() + kRefreshPause;
    return;
  }
  failure_ = absl::OkStatus();
  held_ = *std::move(fetched);
  refresh_at_ = std::max(held_.expires - kRefreshAhead, now + (held_.expires - now) * 0.75);
}

void CachedTokens::Work() {
  absl::MutexLock lock(&mutex_);
  for (;;) {
    const auto wake = [this]()
                          ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stop_ || (wanted_ && !fetching_); };
    mutex_.Await(absl::Condition(&wake));
    if (stop_) {
      // Whoever waits for the outcome of what was wanted gets the last one.
      ++fetches_;
      return;
    }
    wanted_ = false;
    Fetch();
  }
}

}  // namespace bqcdc::credentials
