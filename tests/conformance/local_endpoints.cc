#include "tests/conformance/local_endpoints.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::conformance {

absl::Status EnsureDataset(Endpoint& endpoint) {
  const std::string& dataset = endpoint.addresses().dataset;
  const std::string& location = endpoint.addresses().location;
  const std::string options = location.empty() ? "" : absl::StrCat(" OPTIONS (location = '", location, "')");
  BQCDC_ASSIGN_OR_RETURN(const SqlAnswer created,
                         endpoint.Query(absl::StrCat("CREATE SCHEMA IF NOT EXISTS ", dataset, options)));
  if (created.error_reason.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("cannot create dataset ", dataset, ": ",
                                                    created.error_reason, ": ", created.error_message));
}

absl::StatusOr<Endpoint*> LocalEndpoints::For(const Case& test_case) {
  Served& served = served_[test_case.without_background_apply];
  if (served.endpoint != nullptr) return served.endpoint.get();
  std::vector<std::string> flags = {"--project", "conformance", "--clock", "manual", "--admin"};
  if (test_case.without_background_apply) flags.push_back("--no-background-apply");
  BQCDC_ASSIGN_OR_RETURN(served.server, local_server::LocalServer::Start(flags));
  EndpointAddresses addresses;
  addresses.rest = served.server->rest();
  addresses.storage_target = served.server->storage();
  addresses.admin = served.server->admin();
  BQCDC_ASSIGN_OR_RETURN(auto endpoint, Endpoint::Connect(std::move(addresses)));
  BQCDC_RETURN_IF_ERROR(EnsureDataset(*endpoint));
  served.endpoint = std::move(endpoint);
  return served.endpoint.get();
}

}  // namespace bqcdc::conformance
