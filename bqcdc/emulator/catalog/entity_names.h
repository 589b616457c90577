#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace bqcdc::emulator::catalog {

// Rules for names of datasets and tables (https://cloud.google.com/bigquery/docs/datasets#dataset-naming,
// https://cloud.google.com/bigquery/docs/tables#table_naming). Errors: invalid, with the service's text.
absl::Status CheckDatasetName(std::string_view name);
absl::Status CheckTableName(std::string_view name);

}  // namespace bqcdc::emulator::catalog
