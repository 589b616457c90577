#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/values/json_document.h"

namespace bqcdc::emulator::sql {

// One step of a JSONPath: into a member, or, written as a number in brackets, into an element.
struct JsonStep {
  std::string name;
  std::optional<int64_t> index;  // set: `name` holds its digits
};

// The steps of a JSONPath such as `$.a[0]."b c"`. InvalidArgument: no such path.
absl::StatusOr<std::vector<JsonStep>> ParseJsonPath(std::string_view path);

// Follows a path. Unset result: nothing there. InvalidArgument: no such path.
absl::StatusOr<const values::JsonNode*> FollowJsonPath(const values::JsonNode& root, std::string_view path);

}  // namespace bqcdc::emulator::sql
