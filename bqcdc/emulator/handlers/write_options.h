#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "bqcdc/emulator/handlers/bearer_tokens.h"
#include "bqcdc/emulator/handlers/connection_mode.h"

namespace bqcdc::emulator::handlers {

// Limits and readings of the Storage Write API.
struct WriteOptions {
  // Largest AppendRows request; beyond it InvalidArgument in the stream. 20 MiB is today's published limit,
  // 10 MiB the older one.
  int64_t request_bytes_max = 20 * 1024 * 1024;
  // A connection without traffic is closed after this long, by the server's clock.
  absl::Duration idle_timeout = absl::Seconds(600);
  ConnectionMode::Scope mode_scope = ConnectionMode::Scope::kConnection;
  // Requests of one connection that may wait for their commit; beyond them the connection is not read.
  size_t connection_requests_max = 64;
  int64_t connection_bytes_max = 64 * 1024 * 1024;
  // The same for all connections together.
  int64_t total_bytes_max = 128 * 1024 * 1024;
  // Writer schemas of all connections, with what is made of them.
  int64_t schema_bytes_max = 512 * 1024 * 1024;
  // AppendRows calls that are open at once; one more ends with ResourceExhausted.
  int64_t connections_max = 10'000;
  // A table is denied, as one that is not there, this long after it was created, to who has not met it: the
  // service's write API learns of new tables late. Zero: never.
  absl::Duration table_propagation = absl::ZeroDuration();
  // A change of a table's columns is unknown to the write API this long after it was made: a writer schema
  // with a new column is refused, and `updated_schema` waits. Of a table that no connection has written to
  // since the start the columns are known at once. Zero: never.
  absl::Duration column_propagation = absl::ZeroDuration();
  // A call without one of these ends with UNAUTHENTICATED; none: every call is served.
  BearerTokens bearer_tokens;
};

// What the write API has done since the start. Read at any time, each value by itself.
struct WriteCounters {
  std::atomic<int64_t> connections_open{0};
  std::atomic<int64_t> connections_total{0};
  std::atomic<int64_t> connections_idle_closed{0};
  std::atomic<int64_t> connections_refused{0};
  std::atomic<int64_t> requests{0};
  std::atomic<int64_t> requests_refused{0};
  std::atomic<int64_t> requests_decoded_again{0};
  std::atomic<int64_t> rows_accepted{0};
  std::atomic<int64_t> bytes_received{0};
};

}  // namespace bqcdc::emulator::handlers
