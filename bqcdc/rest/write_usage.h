#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/rest/bigquery_client.h"

namespace bqcdc::rest {

// How far ReadWriteUsage() looks back, hours.
inline constexpr int kWriteUsageHours = 24;

// What all writers together wrote through the Storage Write API, minute by minute, to the datasets that a
// project has in one location.
struct WriteUsage {
  std::int64_t peak_bytes = 0;             // of rows that were taken in the busiest minute
  std::optional<absl::Time> peak;          // its begin; unset = nothing was written
  std::int64_t exhausted_requests = 0;     // answered RESOURCE_EXHAUSTED
  std::optional<absl::Time> exhausted_at;  // begin of the last minute with such a one; unset = none
};

// Asks INFORMATION_SCHEMA.WRITE_API_TIMELINE_BY_PROJECT (docs: information-schema-write-api) for the last
// kWriteUsageHours. `location` is a dataset's as the REST API tells it ("US"). A query of its own, which the
// service bills; it takes bigquery.tables.list on the project. Errors: InvalidArgument for a location that no
// dataset can have.
absl::StatusOr<WriteUsage> ReadWriteUsage(const BigQueryClient& client, const std::string& project,
                                          const std::string& location);

}  // namespace bqcdc::rest
