#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace bqcdc::write {

// For how long and how often what may pass is tried again. Whatever limit is reached first ends it.
struct Patience {
  // A lost connection, since the first attempt failed; a refused request, while it waits for refusals and
  // after them: quotas refill within minutes.
  absl::Duration retry_time_max = absl::Minutes(10);
  // Attempts of the same in a row, the first one included: of calls without any answer, of a request that is
  // refused. 0 = as many as there is time for.
  int retry_attempts_max = 0;
  // Instead of both while the service does not know the table or its schema yet, although REST does: it is
  // waited for, and an attempt that comes too early is none that failed.
  absl::Duration schema_time_max = absl::Minutes(10);

  // What the limits are called where they can be raised; empty = nowhere. Texts that live for ever.
  struct Names {
    std::string_view retry_time, retry_attempts, schema_time;
  };
  Names names = {};
};

enum class PatienceLimit { kNone, kRetryTime, kRetryAttempts, kSchemaTime };

// "for 10m (--retry-timeout)", "in 5 attempts (--retry-attempts)": how it went on until the limit was
// reached.
std::string DescribeLimit(const Patience& patience, PatienceLimit limit);

}  // namespace bqcdc::write
