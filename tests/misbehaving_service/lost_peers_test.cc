#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bqcdc/write/connection_pool.h"
#include "bqcdc/write/request_builder.h"
#include "bqcdc/write/testing/fake_write_service.h"
#include "tests/misbehaving_service/tcp_relay.h"

// A call whose peer has gone has left the pool within twice the keepalive time, whether rows are sent or not,
// and the next rows go over a new one. By the machine's clock, since keepalive is gRPC's and the kernel's.
// With a channel (a TCP connection) for each call of the pool, as it makes the first of them, and with one
// that all share, as it puts up to a hundred on each: what a channel tells of its peer it must tell each
// call.
namespace bqcdc::misbehaving {
namespace {

using write::testing::FakeWriteService;
using write::testing::Reply;
using write::testing::SeenRequest;

// Long enough that a busy machine answers pings in time.
constexpr write::Keepalive kKeepalive = {absl::Seconds(1), absl::Seconds(1)};
const absl::Duration kLeftWithin = 2 * (kKeepalive.interval + kKeepalive.timeout);
// What the machine may add where it is busy.
constexpr absl::Duration kGraceOfTheMachine = absl::Seconds(1);
constexpr int kConnections = 3;

write::AppendRequest Request(const std::string& row) {
  write::Destination destination;
  destination.write_stream = "projects/p/datasets/d/tables/t/streams/_default";
  destination.writer_schema = "\x0a\x04root";
  auto encoded = std::make_shared<encode::EncodedRows>();
  encoded->Append(row, {});
  return {std::make_shared<write::Destination>(destination), write::AllRows(encoded)};
}

// The parameter: over how many channels the calls go.
class LostPeers : public ::testing::TestWithParam<int> {
 protected:
  void Open(int port) {
    write::ConnectionPoolOptions options;
    options.channels_min = GetParam();
    pool_ = std::make_unique<write::ConnectionPool>(
        options,
        [port] { return write::MakeLocalChannel(absl::StrCat("127.0.0.1:", port), nullptr, kKeepalive); },
        base::SystemClock::Get(), [](int, std::int64_t, const write::AppendResult&) {},
        [](const absl::Status& status) { ADD_FAILURE() << status; });
    for (int i = 0; i < kConnections; ++i) {
      bound_.push_back(*pool_->Bind(bound_));
      ASSERT_TRUE(pool_->at(bound_.back()).Append(Request("before")).ok());
    }
    ASSERT_TRUE(pool_->AwaitAnswers(absl::Now() + absl::Seconds(30)).ok());
    ASSERT_EQ(pool_->open_call_count(), kConnections);
    ASSERT_EQ(pool_->channel_count(), GetParam());
  }

  // How long the calls stay in the pool.
  absl::Duration UntilAllHaveLeft() const {
    const absl::Time start = absl::Now();
    while (pool_->open_call_count() > 0 && absl::Now() < start + absl::Seconds(30)) {
      pool_->LeaveLostPeers();  // As the sender does.
      absl::SleepFor(absl::Milliseconds(5));
    }
    return absl::Now() - start;
  }

  void ExpectThatRowsGoOn() {
    for (const int connection : bound_) ASSERT_TRUE(pool_->at(connection).Append(Request("after")).ok());
    EXPECT_TRUE(pool_->AwaitAnswers(absl::Now() + absl::Seconds(30)).ok());
    EXPECT_EQ(service_.stored_rows().size(), 2u * kConnections);
    EXPECT_EQ(pool_->open_call_count(), kConnections);
  }

  // Calls are ended by EndIdleCalls() from now on.
  std::atomic<bool> calls_idle_ = false;
  FakeWriteService service_{[this](const SeenRequest&) {
    Reply reply;
    if (!calls_idle_) return reply;
    reply.kind = Reply::Kind::kAnswerAndIdle;
    reply.end = absl::AbortedError("Closing the stream because it has been inactive for 600 seconds.");
    return reply;
  }};
  std::unique_ptr<write::ConnectionPool> pool_;
  std::vector<int> bound_;
};

TEST_P(LostPeers, AHalfOpenPeerLeavesThePoolWithinTwiceTheKeepaliveTime) {
  const std::string target = service_.target();
  TcpRelay relay(std::atoi(target.substr(target.rfind(':') + 1).c_str()), [](int) {});
  Open(relay.port());
  // Longer than gRPC's two pings without data would reach.
  absl::SleepFor(3.5 * kKeepalive.interval);
  ASSERT_EQ(pool_->open_call_count(), kConnections) << "a peer that answers stays";
  relay.Freeze();
  EXPECT_LT(UntilAllHaveLeft(), kLeftWithin);
  ExpectThatRowsGoOn();
}

TEST_P(LostPeers, AServerThatStopsLeavesThePool) {
  const std::string target = service_.target();
  Open(std::atoi(target.substr(target.rfind(':') + 1).c_str()));
  service_.Stop();
  EXPECT_LT(UntilAllHaveLeft(), kLeftWithin);
  service_.Start();
  ExpectThatRowsGoOn();
}

// GOAWAY ends no call, so one that is open would stay as long as the server bears with it.
TEST_P(LostPeers, AServerThatSaysGoAwayLeavesThePoolThoughItsCallsGoOn) {
  const std::string target = service_.target();
  Open(std::atoi(target.substr(target.rfind(':') + 1).c_str()));
  std::thread going([this] { service_.GoAway(absl::Seconds(60)); });
  EXPECT_LT(UntilAllHaveLeft(), kLeftWithin);
  const absl::Time left = absl::Now();
  going.join();
  EXPECT_LT(absl::Now() - left, kGraceOfTheMachine) << "no call is left for the server to wait for";
  service_.Start();
  ExpectThatRowsGoOn();
}

// What the service does about a call without rows: no peer is lost, only the call.
TEST_P(LostPeers, ACallThatTheServiceClosesAsIdleLeavesThePool) {
  const std::string target = service_.target();
  calls_idle_ = true;
  Open(std::atoi(target.substr(target.rfind(':') + 1).c_str()));
  calls_idle_ = false;
  service_.EndIdleCalls();
  EXPECT_LT(UntilAllHaveLeft(), kLeftWithin);
  ExpectThatRowsGoOn();
  EXPECT_EQ(service_.call_count(), 2 * kConnections);
  const std::map<write::AppendAction, std::int64_t> reopened = {{write::AppendAction::kReopen, kConnections}};
  EXPECT_EQ(pool_->stats().call_errors, reopened);
}

INSTANTIATE_TEST_SUITE_P(OneEach, LostPeers, ::testing::Values(kConnections));
INSTANTIATE_TEST_SUITE_P(OneForAll, LostPeers, ::testing::Values(1));

}  // namespace
}  // namespace bqcdc::misbehaving
