#include "bqcdc/write/connection_pool.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/synchronization/mutex.h"
#include "bqcdc/write/request_builder.h"
#include "bqcdc/write/testing/fake_write_service.h"

namespace bqcdc::write {
namespace {

using testing::FakeWriteService;
using testing::Reply;
using testing::SeenRequest;

AppendRequest Request(const std::string& row) {
  Destination destination;
  destination.write_stream = "projects/p/datasets/d/tables/t/streams/_default";
  destination.writer_schema = "\x0a\x04root";
  auto encoded = std::make_shared<encode::EncodedRows>();
  encoded->Append(row, {});
  return {std::make_shared<Destination>(destination), AllRows(encoded)};
}

class ConnectionPoolTest : public ::testing::Test {
 protected:
  ConnectionPool& Pool(ConnectionPoolOptions options) {
    pool_ = std::make_unique<ConnectionPool>(
        options, [this] { return MakeLocalChannel(service_.target()); }, clock_,
        [](int, std::int64_t, AppendResult) {}, [](const absl::Status&) {});
    return *pool_;
  }

  FakeWriteService service_{[this](const SeenRequest&) {
    Reply reply;
    if (silent_) reply.kind = Reply::Kind::kSilence;
    return reply;
  }};
  std::atomic<bool> silent_{false};
  base::ManualClock clock_{absl::FromUnixSeconds(1'000'000)};
  std::unique_ptr<ConnectionPool> pool_;
};

TEST_F(ConnectionPoolTest, LanesOfSeveralTablesShareAConnectionThatHasRoom) {
  ConnectionPool& pool = Pool({});
  EXPECT_EQ(pool.connection_count(), 0) << "opened lazily";
  const int first = *pool.Bind({});
  EXPECT_EQ(*pool.Bind({}), first);
  EXPECT_EQ(*pool.Bind({}), first);
  EXPECT_EQ(pool.connection_count(), 1);
}

TEST_F(ConnectionPoolTest, LanesOfOneTableGetConnectionsOfTheirOwnUpToTheLimit) {
  ConnectionPoolOptions options;
  options.connections_max = 3;
  ConnectionPool& pool = Pool(options);
  std::vector<int> used;
  for (int i = 0; i < 3; ++i) used.push_back(*pool.Bind(used));
  EXPECT_EQ(std::set<int>(used.begin(), used.end()).size(), 3u);
  EXPECT_TRUE(std::set<int>(used.begin(), used.end()).contains(*pool.Bind(used))) << "the fourth lane shares";
  EXPECT_EQ(pool.connection_count(), 3);
}

TEST_F(ConnectionPoolTest, ABusyConnectionIsNotSharedWhileMoreAreAllowed) {
  silent_ = true;
  ConnectionPoolOptions options;
  options.connections_max = 2;
  options.connection.requests_in_flight_max = 2;
  ConnectionPool& pool = Pool(options);
  const int first = *pool.Bind({});
  ASSERT_TRUE(pool.at(first).Append(Request("a")).ok());
  const int second = *pool.Bind({});
  EXPECT_NE(second, first);
  ASSERT_TRUE(pool.at(second).Append(Request("b")).ok());
  pool.Bind({}).value();
  EXPECT_EQ(pool.connection_count(), 2) << "both are busy, and no more are allowed";
  pool.Cancel();
}

TEST_F(ConnectionPoolTest, ChannelsCarryABoundedNumberOfCalls) {
  ConnectionPoolOptions options;
  options.connections_max = 10;
  options.channels_min = 2;
  options.calls_per_channel_max = 4;
  ConnectionPool& pool = Pool(options);
  std::vector<int> used;
  for (int i = 0; i < 8; ++i) used.push_back(*pool.Bind(used));
  EXPECT_EQ(pool.channel_count(), 2);
  for (int i = 0; i < 2; ++i) used.push_back(*pool.Bind(used));
  EXPECT_EQ(pool.channel_count(), 3);
}

TEST_F(ConnectionPoolTest, AConnectionWithoutLanesIsClosedAfterAWhile) {
  ConnectionPool& pool = Pool({});
  const int connection = *pool.Bind({});
  ASSERT_TRUE(pool.at(connection).Append(Request("a")).ok());
  ASSERT_TRUE(pool.AwaitAnswers(absl::InfiniteFuture()).ok());
  clock_.Advance(absl::Hours(1));
  pool.CloseIdle();
  EXPECT_EQ(pool.connection_count(), 1) << "a lane is bound to it";
  pool.Unbind(connection);
  clock_.Advance(absl::Minutes(4));
  pool.CloseIdle();
  EXPECT_EQ(pool.connection_count(), 1);
  clock_.Advance(absl::Minutes(2));
  pool.CloseIdle();
  EXPECT_EQ(pool.connection_count(), 0);
  EXPECT_EQ(pool.stats().requests_sent, 1) << "what it did is still counted";
  EXPECT_NE(*pool.Bind({}), connection);
}

}  // namespace
}  // namespace bqcdc::write
