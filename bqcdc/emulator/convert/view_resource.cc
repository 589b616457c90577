#include "bqcdc/emulator/convert/view_resource.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/errors.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::convert {

using nlohmann::json;

absl::StatusOr<std::optional<std::string>> ViewQueryFromJson(const json& body, LegacySqlDefault absent) {
  BQCDC_ASSIGN_OR_RETURN(const json* view, ObjectField(body, "view"));
  if (view == nullptr) return std::nullopt;
  BQCDC_RETURN_IF_ERROR(
      RefuseFields(*view, "tables: view", {"userDefinedFunctionResources", "foreignDefinitions"}));
  BQCDC_ASSIGN_OR_RETURN(const auto legacy, BoolField(*view, "useLegacySql"));
  if (legacy.value_or(absent == LegacySqlDefault::kLegacy)) {
    return errors::NotImplemented("tables: a view in legacy SQL; set view.useLegacySql to false");
  }
  BQCDC_ASSIGN_OR_RETURN(std::optional<std::string> query, StringField(*view, "query"));
  if (!query || query->empty()) {
    return errors::WithLocation(errors::Invalid("Required parameter is missing: view.query"), "view.query");
  }
  return query;
}

absl::Status RefuseTableFields(const json& body) {
  return RefuseFields(body, "tables: a view",
                      {"tableConstraints", "timePartitioning", "rangePartitioning", "clustering",
                       "requirePartitionFilter", "maxStaleness"});
}

json ViewToJson(const catalog::View& view) { return {{"query", view.query}, {"useLegacySql", false}}; }

json ViewToListJson() { return {{"useLegacySql", false}}; }

}  // namespace bqcdc::emulator::convert
