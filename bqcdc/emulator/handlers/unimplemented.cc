#include "bqcdc/emulator/handlers/rest_state.h"

namespace bqcdc::emulator::handlers {
namespace {

struct MethodName {
  std::string_view id;
  std::string_view http_method;
  std::string_view path;
};

constexpr std::string_view kGet = "GET", kPost = "POST";

// The rest of https://cloud.google.com/bigquery/docs/reference/rest.
constexpr MethodName kMethods[] = {
    {"datasets.undelete", kPost, "projects/{projectId}/datasets/{datasetId}:undelete"},
    {"tables.getIamPolicy", kPost, "projects/{projectId}/datasets/{datasetId}/tables/{tableId}:getIamPolicy"},
    {"tables.setIamPolicy", kPost, "projects/{projectId}/datasets/{datasetId}/tables/{tableId}:setIamPolicy"},
    {"tables.testIamPermissions", kPost,
     "projects/{projectId}/datasets/{datasetId}/tables/{tableId}:testIamPermissions"},
    {"rowAccessPolicies.list", kGet,
     "projects/{projectId}/datasets/{datasetId}/tables/{tableId}/rowAccessPolicies"},
    {"routines.list", kGet, "projects/{projectId}/datasets/{datasetId}/routines"},
    {"routines.insert", kPost, "projects/{projectId}/datasets/{datasetId}/routines"},
    {"routines.get", kGet, "projects/{projectId}/datasets/{datasetId}/routines/{routineId}"},
    {"routines.update", "PUT", "projects/{projectId}/datasets/{datasetId}/routines/{routineId}"},
    {"routines.delete", "DELETE", "projects/{projectId}/datasets/{datasetId}/routines/{routineId}"},
    {"models.list", kGet, "projects/{projectId}/datasets/{datasetId}/models"},
    {"models.get", kGet, "projects/{projectId}/datasets/{datasetId}/models/{modelId}"},
    {"models.patch", "PATCH", "projects/{projectId}/datasets/{datasetId}/models/{modelId}"},
    {"models.delete", "DELETE", "projects/{projectId}/datasets/{datasetId}/models/{modelId}"},
};

}  // namespace

void AddUnimplementedRoutes(RestContext::State& state) {
  for (const MethodName& method : kMethods) {
    state.routes.Add({method.id, method.http_method, method.path, {}, "", "", nullptr});
  }
}

}  // namespace bqcdc::emulator::handlers
