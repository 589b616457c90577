// The discovery document (https://developers.google.com/discovery/v1/reference/apis#resource), from which
// `bq` and Google's dynamic clients build their methods. Written from the route table, so it names what is
// served and nothing else.

#include <set>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

std::string_view TypeName(ParameterType type) {
  switch (type) {
    case ParameterType::kString:
      return "string";
    case ParameterType::kInteger:
      return "integer";
    case ParameterType::kBoolean:
      return "boolean";
  }
  return "string";
}

json QueryParameter(std::string_view type) { return {{"type", type}, {"location", "query"}}; }

// System parameters that every method takes (https://cloud.google.com/apis/docs/system-parameters).
json CommonParameters() {
  json parameters;
  for (const char* name : {"access_token", "alt", "callback", "fields", "key", "oauth_token", "quotaUser",
                           "uploadType", "upload_protocol", "$.xgafv"}) {
    parameters[name] = QueryParameter("string");
  }
  parameters["alt"]["default"] = "json";
  parameters["prettyPrint"] = QueryParameter("boolean");
  return parameters;
}

// Names bound by a path's template, in order.
std::vector<std::string> PathNames(std::string_view path) {
  std::vector<std::string> names;
  for (size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1)) {
    names.emplace_back(path.substr(open + 1, path.find('}', open) - open - 1));
  }
  return names;
}

// `bq` hands jobs.insert a media argument in every call, empty for queries, so the method must know one.
// Uploads themselves are answered with notImplemented.
void AddMediaUpload(json* method) {
  const auto path = [](std::string_view prefix) {
    return json{{"multipart", true},
                {"path", base::StrCat(prefix, "/bigquery/v2/projects/{projectId}/jobs")}};
  };
  (*method)["supportsMediaUpload"] = true;
  (*method)["mediaUpload"] = {
      {"accept", {"*/*"}},
      {"protocols", {{"simple", path("/upload")}, {"resumable", path("/resumable/upload")}}}};
}

json MethodToJson(const Route& route) {
  json parameters = json::object();
  const std::vector<std::string> path_names = PathNames(route.path);
  for (const std::string& name : path_names) {
    parameters[name] = {{"type", "string"}, {"location", "path"}, {"required", true}};
  }
  for (const ParameterSpec& parameter : route.query) {
    json& description = parameters[std::string(parameter.name)];
    description = QueryParameter(TypeName(parameter.type));
    if (parameter.repeated) description["repeated"] = true;
  }
  json method = {{"id", base::StrCat("bigquery.", route.id)},
                 {"path", route.path},
                 {"flatPath", route.path},
                 {"httpMethod", route.http_method},
                 {"parameters", std::move(parameters)},
                 {"parameterOrder", path_names}};
  if (route.id == "jobs.insert") AddMediaUpload(&method);
  if (!route.request_schema.empty()) method["request"] = {{"$ref", route.request_schema}};
  if (!route.response_schema.empty()) method["response"] = {{"$ref", route.response_schema}};
  return method;
}

// "tables" and "get" of "tables.get".
std::pair<std::string, std::string> SplitId(std::string_view id) {
  const size_t dot = id.find('.');
  return {std::string(id.substr(0, dot)), std::string(id.substr(dot + 1))};
}

// Bodies are described by their names alone: clients send and show them as they are.
json Schemas(const std::set<std::string>& names) {
  json schemas = json::object();
  for (const std::string& name : names) {
    schemas[name] = {{"id", name}, {"type", "object"}, {"additionalProperties", {{"type", "any"}}}};
  }
  return schemas;
}

absl::StatusOr<RestResponse> DiscoveryDocument(RestContext::State& state, const MethodCall& call) {
  const std::string root = base::StrCat(call.request().scheme, "://", call.request().host, "/");
  json document = {{"kind", "discovery#restDescription"},
                   {"discoveryVersion", "v1"},
                   {"id", "bigquery:v2"},
                   {"name", "bigquery"},
                   {"version", "v2"},
                   {"title", "BigQuery API, as a local server implements it"},
                   {"protocol", "rest"},
                   {"rootUrl", root},
                   {"servicePath", "bigquery/v2/"},
                   {"basePath", "/bigquery/v2/"},
                   {"baseUrl", root + "bigquery/v2/"},
                   {"batchPath", "batch/bigquery/v2"},
                   {"parameters", CommonParameters()}};
  std::set<std::string> schemas;
  for (const Route& route : state.routes.routes()) {
    if (!route.handler) continue;
    const auto [resource, method] = SplitId(route.id);
    if (resource == "discovery") continue;
    document["resources"][resource]["methods"][method] = MethodToJson(route);
    for (const std::string_view schema : {route.request_schema, route.response_schema}) {
      if (!schema.empty()) schemas.emplace(schema);
    }
  }
  document["schemas"] = Schemas(schemas);
  return JsonResponse(document);
}

}  // namespace

void AddDiscoveryRoutes(RestContext::State& state) {
  // The address of Google's discovery service, and that of every API's own host.
  for (const std::string_view path : {"discovery/v1/apis/bigquery/v2/rest", "$discovery/rest"}) {
    state.routes.Add({"discovery.get", "GET", path, {{"version"}}, "", "", [&state](const MethodCall& call) {
                        return DiscoveryDocument(state, call);
                      }});
  }
}

}  // namespace bqcdc::emulator::handlers
