#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/handlers/rest_request.h"

namespace bqcdc::emulator::handlers {

enum class ParameterType { kString, kInteger, kBoolean };

// A query parameter as the discovery document describes it.
struct ParameterSpec {
  std::string_view name;
  ParameterType type = ParameterType::kString;
  bool repeated = false;
};

using MethodHandler = std::function<absl::StatusOr<RestResponse>(const MethodCall&)>;

// One method of the API. The discovery document is written from these, so it names what is served and nothing
// else.
struct Route {
  std::string_view id;           // "tables.get"
  std::string_view http_method;  // "GET"
  // Segments under the base path; "{x}" binds a name: "projects/{projectId}/datasets/{datasetId}".
  std::string_view path;
  std::vector<ParameterSpec> query;
  std::string_view request_schema;   // name of the body's schema, empty: none
  std::string_view response_schema;  // likewise
  // Unset: a method of the service that this server knows of and refuses with 501.
  MethodHandler handler;
};

struct RouteMatch {
  const Route* route;
  std::map<std::string, std::string, std::less<>> path;  // bound names, percent-decoded
};

// All routes; filled once, then only read.
class RouteTable {
 public:
  void Add(Route route) { routes_.push_back(std::move(route)); }
  const std::vector<Route>& routes() const { return routes_; }

  // Finds the route of a path without its base. Of several the one with more literal segments wins.
  std::optional<RouteMatch> Find(std::string_view http_method, std::string_view path) const;
  // Whether some other HTTP method has this path.
  bool HasPath(std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

// The text with %XX undone; malformed escapes stay as they are.
std::string PercentDecode(std::string_view text);

}  // namespace bqcdc::emulator::handlers
