#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/values/json_document.h"

// JSON texts as the trees that functions work on.
namespace bqcdc::emulator::sql {

// Values of one text: each takes about 150 bytes as a node, and is two bytes of text where it is least.
inline constexpr size_t kJsonValuesMax = 2'000'000;

// Refuses a text of more values, valid or not.
absl::Status CheckJsonValues(std::string_view json);

// Unset where `json` is no JSON.
absl::StatusOr<std::optional<values::JsonNode>> JsonTree(std::string_view json);
// The same for what is JSON; null where it is not.
absl::StatusOr<values::JsonNode> JsonTreeOrNull(std::string_view json);

}  // namespace bqcdc::emulator::sql
