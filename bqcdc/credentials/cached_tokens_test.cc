#include "bqcdc/credentials/cached_tokens.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

namespace bqcdc::credentials {
namespace {

// What a test says to the fetcher, and how often that was asked.
struct Script {
  absl::Mutex mutex;
  absl::StatusOr<FetchedToken> next ABSL_GUARDED_BY(mutex) = absl::UnavailableError("nothing there");
  bool held_up ABSL_GUARDED_BY(mutex) = false;
  int started ABSL_GUARDED_BY(mutex) = 0, running ABSL_GUARDED_BY(mutex) = 0,
              most_running ABSL_GUARDED_BY(mutex) = 0;

  void Give(std::string token, absl::Time expires) {
    absl::MutexLock lock(&mutex);
    next = FetchedToken{std::move(token), expires};
  }
  void Fail(absl::Status status) {
    absl::MutexLock lock(&mutex);
    next = std::move(status);
  }
  void HoldUp(bool wanted) {
    absl::MutexLock lock(&mutex);
    held_up = wanted;
  }
  void AwaitStarted(int count) {
    absl::MutexLock lock(&mutex);
    const auto reached = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex) { return started >= count; };
    ASSERT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(30)));
  }
  int Started() {
    absl::MutexLock lock(&mutex);
    return started;
  }
};

class ScriptedFetcher final : public TokenFetcher {
 public:
  explicit ScriptedFetcher(Script& script) : script_(script) {}
  absl::StatusOr<FetchedToken> Fetch(absl::Time) override {
    absl::MutexLock lock(&script_.mutex);
    ++script_.started;
    script_.most_running = std::max(script_.most_running, ++script_.running);
    const auto may_go = [this]() ABSL_SHARED_LOCKS_REQUIRED(script_.mutex) { return !script_.held_up; };
    script_.mutex.Await(absl::Condition(&may_go));
    --script_.running;
    return script_.next;
  }

 private:
  Script& script_;
};

class CachedTokensTest : public ::testing::Test {
 protected:
  CachedTokensTest()
      : clock_(absl::FromUnixSeconds(1'700'000'000)),
        tokens_(std::make_unique<CachedTokens>(std::make_unique<ScriptedFetcher>(script_), clock_,
                                               "credentials file x")) {}

  absl::Time In(absl::Duration duration) { return clock_.Now() + duration; }
  // Calls Token() until it gives this, as the refresh runs on a thread of its own.
  void AwaitToken(const std::string& wanted) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (tokens_->Token().value_or("") != wanted && absl::Now() < deadline) std::this_thread::yield();
    EXPECT_EQ(tokens_->Token().value_or(""), wanted);
  }

  base::ManualClock clock_;
  Script script_;
  std::unique_ptr<CachedTokens> tokens_;
};

TEST_F(CachedTokensTest, KeepsATokenWhileItHolds) {
  script_.Give("t1", In(absl::Hours(1)));
  EXPECT_EQ(tokens_->Token().value(), "t1");
  EXPECT_EQ(tokens_->Expiry(), In(absl::Hours(1)));
  clock_.Advance(absl::Minutes(56));
  EXPECT_EQ(tokens_->Token().value(), "t1");
  EXPECT_EQ(script_.Started(), 1);
}

TEST_F(CachedTokensTest, RefreshesAheadWithoutHoldingUpAnybody) {
  script_.Give("t1", In(absl::Hours(1)));
  EXPECT_EQ(tokens_->Token().value(), "t1");
  script_.Give("t2", In(absl::Hours(2)));
  script_.HoldUp(true);
  clock_.Advance(absl::Minutes(57));
  // The endpoint stands still; many calls, all served, one request.
  for (int i = 0; i < 100; ++i) EXPECT_EQ(tokens_->Token().value(), "t1");
  script_.AwaitStarted(2);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(tokens_->Token().value(), "t1");
  EXPECT_EQ(script_.Started(), 2);
  script_.HoldUp(false);
  AwaitToken("t2");
  EXPECT_EQ(script_.Started(), 2);
}

TEST_F(CachedTokensTest, AShortLivedTokenIsNotFetchedForEveryCall) {
  script_.Give("t1", In(absl::Seconds(100)));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(tokens_->Token().value(), "t1");
  clock_.Advance(absl::Seconds(74));
  EXPECT_EQ(tokens_->Token().value(), "t1");
  EXPECT_EQ(script_.Started(), 1);
  script_.Give("t2", In(absl::Seconds(100)));
  clock_.Advance(absl::Seconds(2));
  AwaitToken("t2");
}

TEST_F(CachedTokensTest, OneFetchServesAllWhoWait) {
  script_.HoldUp(true);
  script_.Give("t1", In(absl::Hours(1)));
  std::vector<std::thread> threads;
  std::vector<std::string> got(8);
  for (std::string& mine : got) threads.emplace_back([&] { mine = tokens_->Token().value_or("none"); });
  script_.AwaitStarted(1);
  script_.HoldUp(false);
  for (std::thread& thread : threads) thread.join();
  for (const std::string& token : got) EXPECT_EQ(token, "t1");
  EXPECT_EQ(script_.Started(), 1);
  absl::MutexLock lock(&script_.mutex);
  EXPECT_EQ(script_.most_running, 1);
}

TEST_F(CachedTokensTest, AFailedRefreshDoesNoHarmUntilTheEnd) {
  script_.Give("t1", In(absl::Hours(1)));
  EXPECT_EQ(tokens_->Token().value(), "t1");
  script_.Fail(absl::UnauthenticatedError("no token from https://t: HTTP 400, invalid_grant"));
  clock_.Advance(absl::Minutes(57));
  EXPECT_EQ(tokens_->Token().value(), "t1");
  script_.AwaitStarted(2);
  // Not again at once, but after a pause. The clock stands between the steps long enough for the thread to
  // see each.
  for (int i = 0; i < 100; ++i) EXPECT_EQ(tokens_->Token().value(), "t1");
  EXPECT_EQ(script_.Started(), 2);
  int seconds = 0;
  for (; script_.Started() == 2 && seconds < 100; ++seconds) {
    clock_.Advance(absl::Seconds(1));
    EXPECT_EQ(tokens_->Token().value(), "t1");
    absl::SleepFor(absl::Milliseconds(2));
  }
  EXPECT_EQ(script_.Started(), 3);
  EXPECT_GE(seconds, 10);
  clock_.Advance(absl::Minutes(5));
  const absl::Status status = tokens_->Token().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(std::string(status.message()),
            "credentials file x: no token from https://t: HTTP 400, invalid_grant");
  script_.Give("t2", In(absl::Hours(1)));
  EXPECT_EQ(tokens_->Token().value(), "t2");
}

TEST_F(CachedTokensTest, ARefusedTokenIsNotGivenAgain) {
  script_.Give("t1", In(absl::Hours(1)));
  EXPECT_EQ(tokens_->Token().value(), "t1");
  script_.Give("t2", In(absl::Hours(1)));
  tokens_->Refused("t1");
  EXPECT_EQ(tokens_->Token().value(), "t2");
  tokens_->Refused("t1");  // Late: another has taken its place.
  EXPECT_EQ(tokens_->Token().value(), "t2");
  EXPECT_EQ(script_.Started(), 2);
}

TEST_F(CachedTokensTest, RefusesWhatCannotStandInAHeader) {
  for (const std::string& unfit :
       {std::string(), std::string("a b"), std::string("a\r\nX: y"), std::string(8000, 'x')}) {
    script_.Give(unfit, In(absl::Hours(1)));
    const absl::Status status = tokens_->Token().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
    EXPECT_TRUE(unfit.empty() || !absl::StrContains(status.message(), unfit));
  }
}

TEST_F(CachedTokensTest, TheEndWaitsForAFetchUnderWay) {
  script_.Give("t1", In(absl::Hours(1)));
  EXPECT_EQ(tokens_->Token().value(), "t1");
  script_.HoldUp(true);
  clock_.Advance(absl::Minutes(57));
  EXPECT_EQ(tokens_->Token().value(), "t1");
  script_.AwaitStarted(2);
  std::thread end([this] { tokens_.reset(); });
  script_.HoldUp(false);
  end.join();
  absl::MutexLock lock(&script_.mutex);
  EXPECT_EQ(script_.running, 0);
}

}  // namespace
}  // namespace bqcdc::credentials
