#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/write/append_error.h"
#include "bqcdc/write/append_request.h"
#include "bqcdc/write/append_result.h"
#include "bqcdc/write/patience.h"
#include "bqcdc/write/storage_channel.h"

namespace bqcdc::write {

struct AppendConnectionOptions {
  // Behaviour.
  std::string trace_id = "bqcdc";

  // Called before a call is opened, with no lock held, on the connection's own thread: the place to make sure
  // that the table is still ours. `again` = one was open before, and `why` is how it ended. Unavailable = try
  // later; any other error ends the connection.
  std::function<absl::Status(bool again, const absl::Status& why)> before_open;
  // Whether the first call is asked about, too: not where the table was claimed just now.
  bool ask_before_first = false;
  // Called when a call has ended because the service knows another schema of the table; what is
  // unacknowledged goes again as it is. With no lock held, on the connection's own thread; must not block.
  std::function<void()> on_schema_refused;

  // Performance. Requests and bytes that may wait for their answer; both bound memory. A loopback needs few,
  // a distant service rate × delay. One request is always let through.
  int requests_in_flight_max = 16;
  std::size_t bytes_in_flight_max = 64 * 1024 * 1024;

  // With calls that end without any answer in between; not with those that it ends itself to open others.
  // Pauses double from the first to the longest, each shortened at random by up to half.
  Patience patience;
  absl::Duration pause_first = absl::Milliseconds(50);
  absl::Duration pause_max = absl::Seconds(2);
  // A call that owes an answer this long is taken for dead and opened again.
  absl::Duration answer_time_max = absl::Minutes(5);
};

// Counters of a connection's life.
struct AppendConnectionStats {
  std::int64_t calls_opened = 0;
  std::int64_t requests_sent = 0;     // repeats counted
  std::int64_t requests_written = 0;  // of them, those that gRPC took over to a peer that it is connected to
  std::int64_t requests_resent = 0;
  std::int64_t bytes_acknowledged = 0;  // of rows in requests that were answered, well or badly
  // Calls that ended with an error, also without ever having met their peer, by what was done about it. Not
  // those that Reopen() ended.
  std::map<AppendAction, std::int64_t> call_errors;

  AppendConnectionStats& operator+=(const AppendConnectionStats& other) {
    calls_opened += other.calls_opened;
    requests_sent += other.requests_sent;
    requests_written += other.requests_written;
    requests_resent += other.requests_resent;
    bytes_acknowledged += other.bytes_acknowledged;
    for (const auto& [action, calls] : other.call_errors) call_errors[action] += calls;
    return *this;
  }
};

// One persistent AppendRows call to the default stream of one or more tables. Opened at the first request;
// sends writer schema and trace id on the first request and the schema again where it changes, from then on
// with the stream's name on each request (storage.proto, AppendRowsRequest); keeps several requests in
// flight; matches answers in order; opens the call again when it has ended and sends what is unacknowledged
// again, in order. So a request may be stored twice: harmless for rows with sequence numbers.
//
// Thread-safe. Results arrive in the order of the requests, one at a time, on gRPC's threads, without any
// lock held: the handler must not block and may not destroy the connection.
class AppendConnection {
 public:
  using ResultHandler = std::function<void(std::int64_t request, AppendResult result)>;
  // Called at most once, when the connection has given up. Unacknowledged requests have an unknown fate then.
  using FailureHandler = std::function<void(const absl::Status& status)>;

  // `clock` must outlive the connection.
  AppendConnection(StorageChannel channel, AppendConnectionOptions options, const base::Clock& clock,
                   ResultHandler on_result, FailureHandler on_failure);
  // Cancels what is in flight.
  ~AppendConnection();

  // Queues a request and returns its number, rising from 0. Blocks while the window is full.
  // Errors: that of the failed connection; Cancelled after Cancel().
  absl::StatusOr<std::int64_t> Append(AppendRequest request);

  // Whether Append() would not block.
  bool HasRoom(std::size_t bytes) const;

  // How much of the window is in use, 0 to 1: of its requests or its bytes, whichever is more.
  double load() const;
  // How long an answer takes, from sending its request on the call that is open: of the last ones, the newest
  // with the most weight, and never less than the oldest request has waited that has none. Zero = not known
  // yet.
  absl::Duration answer_time() const;
  // Whether a call is open: false before the first request, and from the moment that the call has ended for
  // whatever reason until there is something to send again.
  bool is_open() const;

  // Ends the call that is open, so that the next one starts with the request that is oldest without answer.
  void Reopen();
  // The same in good order where the peer under the call has said that it goes away (GOAWAY): what was sent
  // is answered first. To be called now and then. Where several connections share a channel, one of them that
  // opens a call at the same moment may hide it; the end of the call comes then as the peer makes it.
  void LeaveLostPeer();

  // Waits until every request has its answer, at most until `deadline`. Errors: as Append(),
  // DeadlineExceeded.
  absl::Status AwaitAnswers(absl::Time deadline);

  // Ends everything at once; answers that are missing never come.
  void Cancel();

  AppendConnectionStats stats() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// Percent-encoded routing header value: "write_stream=projects%2Fp%2F…". gRPC derives none, and the service
// needs it outside of the US (docs: write-api, routing).
std::string RoutingParameters(const Destination& destination);

}  // namespace bqcdc::write
