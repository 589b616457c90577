#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/sql/query_runner.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::handlers {

// Reads `queryParameters` (https://cloud.google.com/bigquery/docs/reference/rest/v2/QueryParameter): scalars,
// ARRAY and STRUCT, nested. Types are taken in every spelling that columns have. Errors: invalid, naming the
// parameter; values are checked for their shape and number only, their text by whoever runs the query.
absl::StatusOr<std::vector<sql::QueryParameter>> QueryParametersFromJson(const nlohmann::json& list);

}  // namespace bqcdc::emulator::handlers
