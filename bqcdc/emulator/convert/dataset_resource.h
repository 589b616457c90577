#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "nlohmann/json_fwd.hpp"

// The Dataset resource (https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset). Access
// lists, encryption keys and billing models are taken and not kept: nothing of this server depends on them.
// What would change the meaning of data (collation, case, rounding) is refused by name.
namespace bqcdc::emulator::convert {

// As datasets.get answers; `base_url` is where selfLink begins ("http://host/bigquery/v2").
nlohmann::json DatasetToJson(const catalog::Dataset& dataset, const std::string& base_url);
// An item of datasets.list.
nlohmann::json DatasetToListItem(const catalog::Dataset& dataset);

// The body of datasets.insert. The reference's project may be left out; another one than `project` is
// invalid.
absl::StatusOr<catalog::Dataset> DatasetFromJson(const nlohmann::json& body, const std::string& project);

// Whether fields that a body leaves out keep their value (PATCH) or lose it (PUT).
enum class Absent { kKept, kCleared };

// Puts a body of datasets.patch or datasets.update into `dataset`.
absl::Status ChangeDataset(const nlohmann::json& body, Absent absent, catalog::Dataset* dataset);

}  // namespace bqcdc::emulator::convert
