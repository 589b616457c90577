#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/schema/table_schema.h"
#include "nlohmann/json_fwd.hpp"

// What the Table resource says of a view
// (https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#ViewDefinition).
namespace bqcdc::emulator::convert {

// A view's text and what its columns are: the text has been analysed.
struct ViewDefinition {
  std::string query;
  std::vector<schema::Column> columns;
};

// `view.query` of a body; unset where the body has no `view`. Legacy SQL, which the service takes where
// `useLegacySql` is left out of an insert, is refused.
enum class LegacySqlDefault { kLegacy, kStandard };
absl::StatusOr<std::optional<std::string>> ViewQueryFromJson(const nlohmann::json& body,
                                                             LegacySqlDefault absent);

// Refuses what a body may give a table and not a view.
absl::Status RefuseTableFields(const nlohmann::json& body);

// `view` of tables.get, and of an item of tables.list.
nlohmann::json ViewToJson(const catalog::View& view);
nlohmann::json ViewToListJson();

}  // namespace bqcdc::emulator::convert
