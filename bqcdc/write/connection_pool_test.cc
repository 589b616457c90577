#include "bqcdc/write/connection_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <vector>

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

  // A request that is answered after this time.
  void Answer(AppendConnection& connection, absl::Duration after) {
    answered_after_ = absl::ToInt64Milliseconds(after);
    EXPECT_TRUE(connection.Append(Request("a")).ok());
    EXPECT_TRUE(connection.AwaitAnswers(absl::InfiniteFuture()).ok());
  }
  static ConnectionPoolOptions Options(int connections) {
    ConnectionPoolOptions options;
    options.connections_max = connections;
    options.connection.requests_in_flight_max = 64;
    return options;
  }
  // So many connections, each for another lane of a table.
  std::vector<int> BindAll(ConnectionPool& pool, int connections) {
    std::vector<int> bound;
    while (static_cast<int>(bound.size()) < connections) bound.push_back(*pool.Bind(bound));
    return bound;
  }
  // Lanes that are bound one after the other, each with a request that stays in flight: how many come to each
  // connection.
  std::map<int, int> BindBusyLanes(ConnectionPool& pool, int lanes) {
    silent_ = true;
    std::map<int, int> count;
    for (int i = 0; i < lanes; ++i) {
      const int connection = *pool.Bind({});
      EXPECT_TRUE(pool.at(connection).Append(Request("a")).ok());
      ++count[connection];
    }
    return count;
  }

  base::ManualClock clock_{absl::FromUnixSeconds(1'000'000)};
  FakeWriteService service_{[this](const SeenRequest&) {
    Reply reply;
    if (silent_) reply.kind = Reply::Kind::kSilence;
    if (!silent_) clock_.Advance(absl::Milliseconds(answered_after_.load()));
    return reply;
  }};
  std::atomic<bool> silent_{false};
  std::atomic<std::int64_t> answered_after_{0};  // milliseconds
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

TEST_F(ConnectionPoolTest, ASlowConnectionGetsFewerLanes) {
  ConnectionPool& pool = Pool(Options(2));
  const std::vector<int> connections = BindAll(pool, 2);
  Answer(pool.at(connections[0]), absl::Milliseconds(105));
  Answer(pool.at(connections[1]), absl::Milliseconds(10));
  // The first lane of the slow one waits as long as the eleventh of the other, and so on.
  EXPECT_EQ(BindBusyLanes(pool, 22), (std::map<int, int>{{connections[0], 2}, {connections[1], 20}}));
  pool.Cancel();
}

TEST_F(ConnectionPoolTest, EquallyQuickConnectionsAreUsedEvenly) {
  // What differs by less than twice is noise, and so is what is below 5 ms.
  for (const std::vector<int>& milliseconds : {std::vector{19, 10, 15}, std::vector{4, 1, 2}}) {
    silent_ = false;
    ConnectionPool& pool = Pool(Options(3));
    const std::vector<int> connections = BindAll(pool, 3);
    for (std::size_t i = 0; i < 3; ++i) Answer(pool.at(connections[i]), absl::Milliseconds(milliseconds[i]));
    EXPECT_EQ(BindBusyLanes(pool, 15),
              (std::map<int, int>{{connections[0], 5}, {connections[1], 5}, {connections[2], 5}}));
    pool.Cancel();
  }
}

TEST_F(ConnectionPoolTest, AConnectionThatNobodyKnowsIsTriedAsTheQuickestIs) {
  ConnectionPool& pool = Pool(Options(3));
  const std::vector<int> connections = BindAll(pool, 3);
  Answer(pool.at(connections[0]), absl::Milliseconds(105));
  Answer(pool.at(connections[1]), absl::Milliseconds(10));
  EXPECT_EQ(BindBusyLanes(pool, 10), (std::map<int, int>{{connections[1], 5}, {connections[2], 5}}));
  pool.Cancel();
}

TEST_F(ConnectionPoolTest, AConnectionThatHasFallenSilentIsSlow) {
  ConnectionPool& pool = Pool(Options(2));
  const std::vector<int> connections = BindAll(pool, 2);
  for (const int connection : connections) Answer(pool.at(connection), absl::Milliseconds(10));
  silent_ = true;
  ASSERT_TRUE(pool.at(connections[0]).Append(Request("a")).ok());
  while (pool.stats().requests_written < 3) std::this_thread::yield();
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(BindBusyLanes(pool, 10), (std::map<int, int>{{connections[1], 10}}));
  pool.Cancel();
}

TEST_F(ConnectionPoolTest, AnswerTimeIsSmoothedAndOfThePresentCall) {
  ConnectionPoolOptions options;
  options.connection.pause_first = absl::ZeroDuration();
  ConnectionPool& pool = Pool(options);
  AppendConnection& connection = pool.at(*pool.Bind({}));
  EXPECT_EQ(connection.answer_time(), absl::ZeroDuration());
  Answer(connection, absl::Milliseconds(100));
  EXPECT_EQ(connection.answer_time(), absl::Milliseconds(100));
  Answer(connection, absl::Milliseconds(20));
  EXPECT_EQ(connection.answer_time(), absl::Milliseconds(90)) << "an eighth of the difference";
  connection.Reopen();
  while (connection.is_open()) std::this_thread::yield();
  Answer(connection, absl::Milliseconds(12));
  EXPECT_EQ(connection.answer_time(), absl::Milliseconds(12));
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
