#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace bqcdc::emulator::convert {

// Rules for names of datasets and tables (https://cloud.google.com/bigquery/docs/datasets#dataset-naming,
// https://cloud.google.com/bigquery/docs/tables#table_naming). Errors: invalid, with the service's text.
absl::Status CheckDatasetName(std::string_view name);
absl::Status CheckTableName(std::string_view name);

// A body may repeat a name of the path; another one is invalid. `field` names it.
absl::Status CheckSameName(std::string_view field, std::string_view in_path,
                           const std::optional<std::string>& in_body);

}  // namespace bqcdc::emulator::convert
