#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/sql/query_runner.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::handlers {

// Longest text of a query (https://cloud.google.com/bigquery/quotas#query_jobs: 1 MB, 12 MB resolved).
inline constexpr size_t kQueryBytesMax = 12 * 1024 * 1024;

// Reads what jobs.query's body and a query job's `configuration.query` have in common: query, useLegacySql,
// defaultDataset, parameterMode, queryParameters. Legacy SQL, sessions, destination tables and the like are
// refused by name. `useLegacySql` is true where it is left out, as the service has it; a first line
// `#standardSQL` says otherwise.
absl::StatusOr<sql::QueryRequest> QueryRequestFromJson(const nlohmann::json& body, const std::string& project,
                                                       const std::optional<std::string>& location);

}  // namespace bqcdc::emulator::handlers
