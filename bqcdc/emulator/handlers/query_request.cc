#include "bqcdc/emulator/handlers/query_request.h"

#include <optional>
#include <string_view>

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/catalog/entity_names.h"
#include "bqcdc/emulator/catalog/location.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/query_parameters.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

// What the query's first line says
// (https://cloud.google.com/bigquery/docs/introduction-sql#changing_from_the_default_dialect); unset where it
// says nothing.
std::optional<bool> LegacySqlByPrefix(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  const absl::string_view rest = base::ToAbsl(text.substr(first));
  if (absl::StartsWithIgnoreCase(rest, "#standardsql")) return false;
  if (absl::StartsWithIgnoreCase(rest, "#legacysql")) return true;
  return std::nullopt;
}

absl::Status RequireGoogleSql(const json& body, const std::string& text) {
  BQCDC_ASSIGN_OR_RETURN(const std::optional<bool> by_option, convert::BoolField(body, "useLegacySql"));
  const std::optional<bool> by_prefix = LegacySqlByPrefix(text);
  if (by_option && by_prefix && *by_option != *by_prefix) {
    const auto word = [](bool value) { return value ? "true" : "false"; };
    return errors::InvalidQuery(base::StrCat("Query text specifies use_legacy_sql:", word(*by_prefix),
                                             ", while API options specify:", word(*by_option)));
  }
  const bool legacy = by_option.value_or(by_prefix.value_or(true));
  if (!legacy) return absl::OkStatus();
  return errors::InvalidQuery(
      "Legacy SQL is not supported by this server. Set useLegacySql to false (it is true where it is left "
      "out), or begin "
      "the query with a line #standardSQL");
}

absl::StatusOr<std::optional<catalog::DatasetId>> ReadDefaultDataset(const json& body,
                                                                     const std::string& project) {
  std::optional<catalog::DatasetId> id;
  BQCDC_ASSIGN_OR_RETURN(const json* reference, convert::ObjectField(body, "defaultDataset"));
  if (reference == nullptr) return id;
  BQCDC_ASSIGN_OR_RETURN(const auto dataset, convert::StringField(*reference, "datasetId"));
  BQCDC_ASSIGN_OR_RETURN(const auto named_project, convert::StringField(*reference, "projectId"));
  BQCDC_RETURN_IF_ERROR(catalog::CheckDatasetName(dataset.value_or("")));
  id = catalog::DatasetId{named_project.value_or(project), *dataset};
  return id;
}

absl::Status ReadParameters(const json& body, sql::QueryRequest* request) {
  BQCDC_ASSIGN_OR_RETURN(const json* list, convert::ArrayField(body, "queryParameters"));
  if (list != nullptr) {
    BQCDC_ASSIGN_OR_RETURN(request->parameters, QueryParametersFromJson(*list));
  }
  BQCDC_ASSIGN_OR_RETURN(const auto mode, convert::StringField(body, "parameterMode"));
  request->positional_parameters = !request->parameters.empty() && request->parameters[0].name.empty();
  if (!mode || mode->empty()) return absl::OkStatus();
  if (!absl::EqualsIgnoreCase(*mode, "POSITIONAL") && !absl::EqualsIgnoreCase(*mode, "NAMED")) {
    return errors::WithLocation(errors::Invalid(base::StrCat("Unknown parameterMode: ", *mode)),
                                "parameterMode");
  }
  request->positional_parameters = absl::EqualsIgnoreCase(*mode, "POSITIONAL");
  for (const sql::QueryParameter& parameter : request->parameters) {
    if (parameter.name.empty() && !request->positional_parameters) {
      return errors::WithLocation(errors::Invalid("A named query parameter has no name"), "queryParameters");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<sql::QueryRequest> QueryRequestFromJson(const json& body, const std::string& project,
                                                       const std::optional<std::string>& location) {
  sql::QueryRequest request;
  BQCDC_ASSIGN_OR_RETURN(const auto text, convert::StringField(body, "query"));
  if (!text || text->empty()) {
    return errors::WithLocation(errors::Invalid("Required parameter is missing: query"), "query");
  }
  if (text->size() > kQueryBytesMax) return errors::InvalidQuery("The query is too large: more than 12 MiB");
  BQCDC_RETURN_IF_ERROR(convert::RefuseFields(
      body, "query jobs",
      {"createSession", "connectionProperties", "continuous", "destinationTable", "tableDefinitions",
       "externalTableDefinitions", "userDefinedFunctionResources", "schemaUpdateOptions", "scriptOptions"}));
  BQCDC_RETURN_IF_ERROR(RequireGoogleSql(body, *text));
  request.text = *text;
  request.project = project;
  request.location_given = location && !location->empty();
  request.location = catalog::LocationNamed(location.value_or(""));
  BQCDC_ASSIGN_OR_RETURN(request.default_dataset, ReadDefaultDataset(body, project));
  BQCDC_RETURN_IF_ERROR(ReadParameters(body, &request));
  return request;
}

}  // namespace bqcdc::emulator::handlers
