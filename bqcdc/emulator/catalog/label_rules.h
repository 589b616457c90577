#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"

namespace bqcdc::emulator::catalog {

// Rules for keys, values and number of labels
// (https://cloud.google.com/bigquery/docs/labels-intro#requirements). Errors: invalid.
absl::Status CheckLabels(const std::map<std::string, std::string>& labels);

}  // namespace bqcdc::emulator::catalog
