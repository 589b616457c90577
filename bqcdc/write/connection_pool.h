#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/write/append_connection.h"
#include "bqcdc/write/limits.h"

namespace bqcdc::write {

struct ConnectionPoolOptions {
  AppendConnectionOptions connection;
  // AppendConnectionOptions::on_schema_refused of each, in place of that of `connection`.
  std::function<void(int connection)> on_schema_refused;
  // A client project may have 5,000 connections in a region, 20,000 in the multi-regions US and EU
  // (docs: quotas, Storage Write API). One process needs few.
  int connections_max = 8;
  // gRPC allows about 100 calls on a connection of HTTP/2; more would queue without a word.
  int calls_per_channel_max = kCallsPerChannelMax;
  // So many TCP connections are used before calls begin to share one: each is served by a thread of its own.
  int channels_min = 4;
  // A connection that shares its window takes another table's lane only below this part of it.
  double shared_load_max = 0.5;
  // A connection that no lane has used for this long is closed; the service itself closes idle ones after 10
  // min.
  absl::Duration idle_time_max = absl::Minutes(5);
};

// Makes a channel with a transport of its own.
using ChannelFactory = std::function<absl::StatusOr<StorageChannel>()>;

// Connections that lanes are bound to. A lane keeps its connection while it has requests under way; several
// lanes, of one table or many, may share one (multiplexing). All rows here are changes: a connection never
// carries plain rows, which the service would refuse beside them. Used by one thread; the handlers are called
// on gRPC's.
class ConnectionPool {
 public:
  using ResultHandler = std::function<void(int connection, std::int64_t request, AppendResult result)>;
  using FailureHandler = AppendConnection::FailureHandler;

  // `clock` must outlive the pool.
  ConnectionPool(ConnectionPoolOptions options, ChannelFactory channels, const base::Clock& clock,
                 ResultHandler on_result, FailureHandler on_failure);
  // Cancels what is in flight.
  ~ConnectionPool();

  // Chooses a connection for a lane: the one with the shortest expected wait that is none of `avoid` (those
  // of the same table's other lanes), a new one where that is busy and the limit allows, else any. Errors: of
  // the channel.
  absl::StatusOr<int> Bind(std::span<const int> avoid);
  void Unbind(int connection);
  AppendConnection& at(int connection) { return *entries_.at(connection).connection; }

  // Closes connections that no lane is bound to and that were not used for long.
  void CloseIdle();
  // AppendConnection::LeaveLostPeer() of all.
  void LeaveLostPeers();
  // Ends everything at once; answers that are missing never come.
  void Cancel();

  // Waits until every request has its answer. Errors: of the first connection that has one.
  absl::Status AwaitAnswers(absl::Time deadline);

  int connection_count() const { return static_cast<int>(entries_.size()); }
  // Connections whose call is open.
  int open_call_count() const;
  // AppendConnection::load() of each.
  std::vector<double> loads() const;
  int channel_count() const { return static_cast<int>(channels_.size()); }
  // Of all connections, closed ones too.
  AppendConnectionStats stats() const;

 private:
  struct Entry {
    std::unique_ptr<AppendConnection> connection;
    std::size_t channel = 0;
    int lanes = 0;
    absl::Time unused_since;
  };
  struct Channel {
    StorageChannel channel;
    int calls = 0;
  };

  // The shortest that is known of any connection, not below what is this machine's noise.
  absl::Duration QuickestAnswer() const;
  // Of a request that comes now: what would be in flight with it, as a part of the window, times how many
  // times longer answers take than on the quickest connection. Where they take less than twice as long, or
  // nobody knows yet, that is once: so equal ones are told apart by what is in flight, and of idle ones the
  // oldest is used, so that the others can be closed.
  double ExpectedWait(const AppendConnection& connection, absl::Duration quickest) const;
  absl::StatusOr<int> Open();
  absl::StatusOr<std::size_t> ChooseChannel();

  const ConnectionPoolOptions options_;
  const ChannelFactory make_channel_;
  const base::Clock& clock_;
  const ResultHandler on_result_;
  const FailureHandler on_failure_;
  std::vector<Channel> channels_;
  std::map<int, Entry> entries_;
  int next_id_ = 0;
  AppendConnectionStats closed_stats_;
};

}  // namespace bqcdc::write
