#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/conformance/case_file.h"

namespace bqcdc::conformance {

// The cases of all files `*.case` of a folder, in the order of the files' names. Errors: NotFound for a
// folder without any; of ParseCases.
absl::StatusOr<std::vector<Case>> LoadCases(const std::string& folder);

}  // namespace bqcdc::conformance
