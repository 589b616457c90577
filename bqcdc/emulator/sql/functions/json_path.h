#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/values/json_document.h"

namespace bqcdc::emulator::sql {

// Follows a JSONPath such as `$.a[0]."b c"`. Unset result: nothing there. InvalidArgument: no such path.
absl::StatusOr<const values::JsonNode*> FollowJsonPath(const values::JsonNode& root, std::string_view path);

}  // namespace bqcdc::emulator::sql
