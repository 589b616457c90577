#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"

// How entities are kept in the store: one JSON object each. Fields that are absent keep their default, so a
// field can be added without a new format; the columns are written in the REST form of schema/schema_json.h.
namespace bqcdc::emulator::catalog {

std::string DatasetToJson(const Dataset& dataset);
absl::StatusOr<Dataset> DatasetFromJson(std::string_view text);

std::string TableToJson(const Table& table);
absl::StatusOr<Table> TableFromJson(std::string_view text);

}  // namespace bqcdc::emulator::catalog
