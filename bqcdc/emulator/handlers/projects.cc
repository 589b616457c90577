#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/handlers/page_token.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

// The one project of the server.
absl::StatusOr<RestResponse> ListProjects(RestContext::State& state, const MethodCall&) {
  const std::string& project = state.options.project;
  json list = {{"kind", "bigquery#projectList"}, {"totalItems", project.empty() ? 0 : 1}};
  if (!project.empty()) {
    list["projects"] = json::array({{{"kind", "bigquery#project"},
                                     {"id", project},
                                     {"numericId", "1"},
                                     {"projectReference", {{"projectId", project}}},
                                     {"friendlyName", project}}});
  }
  list["etag"] = TextHash(list.dump());
  return JsonResponse(list);
}

absl::StatusOr<RestResponse> GetServiceAccount(RestContext::State&, const MethodCall& call) {
  return JsonResponse({{"kind", "bigquery#getServiceAccountResponse"},
                       {"email", base::StrCat("bq-", call.Path("projectId"), "@localhost")}});
}

}  // namespace

void AddProjectRoutes(RestContext::State& state) {
  state.routes.Add({"projects.list",
                    "GET",
                    "projects",
                    {{"maxResults", ParameterType::kInteger}, {"pageToken"}},
                    "",
                    "ProjectList",
                    [&state](const MethodCall& call) { return ListProjects(state, call); }});
  state.routes.Add({"projects.getServiceAccount",
                    "GET",
                    "projects/{projectId}/serviceAccount",
                    {},
                    "",
                    "GetServiceAccountResponse",
                    [&state](const MethodCall& call) { return GetServiceAccount(state, call); }});
}

}  // namespace bqcdc::emulator::handlers
