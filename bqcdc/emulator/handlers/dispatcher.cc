#include "bqcdc/emulator/handlers/dispatcher.h"

#include <algorithm>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/utf8.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/etags.h"
#include "bqcdc/emulator/handlers/json_shape.h"
#include "bqcdc/emulator/handlers/rest_error.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "bqcdc/emulator/handlers/system_parameters.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

constexpr std::string_view kBasePath = "bigquery/v2/";
constexpr std::string_view kUploadPaths[] = {"upload/", "resumable/upload/"};

// The path below the base, which clients with BIGQUERY_EMULATOR_HOST leave out.
std::string_view RelativePath(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.starts_with(kBasePath)) path.remove_prefix(kBasePath.size());
  return path;
}

RestResponse UnknownPath(const RestContext::State& state, const RestRequest& request, std::string_view path) {
  for (const std::string_view upload : kUploadPaths) {
    if (path.starts_with(upload))
      return ErrorResponse(errors::NotImplemented("uploads (load jobs with media)"));
  }
  if (state.routes.HasPath(path)) {
    return HttpErrorResponse(405, "httpMethodNotAllowed",
                             base::StrCat("The method ", request.method, " is not known for /", path));
  }
  return HttpErrorResponse(404, "notFound",
                           base::StrCat("No method of this API: ", request.method, " /", path));
}

// No name of the API is a path or has control characters, whatever its other rules; percent signs may have
// hidden them from whoever looked at the path before.
absl::Status CheckNames(const RouteMatch& match) {
  constexpr size_t kNameBytesMax = 1024;
  for (const auto& [parameter, name] : match.path) {
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
      return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '/' && c != '\\';
    });
    if (plain && name != "." && name != ".." && name.size() <= kNameBytesMax && convert::IsUtf8(name))
      continue;
    return errors::WithLocation(
        errors::Invalid(base::StrCat("Invalid value for ", parameter, ": '", convert::Quotable(name), "'")),
        parameter);
  }
  return absl::OkStatus();
}

RestResponse CallHandler(const RouteMatch& match, const RestRequest& request) {
  if (!match.route->handler)
    return ErrorResponse(errors::NotImplemented(base::StrCat("bigquery.", match.route->id)));
  json body = json::object();
  if (!request.body.empty()) {
    if (const absl::Status shape = CheckJsonShape(request.body); !shape.ok()) return ErrorResponse(shape);
    body = json::parse(request.body, nullptr, false);
    if (body.is_discarded())
      return HttpErrorResponse(400, "parseError", "The request's body is not valid JSON");
    if (!body.is_object())
      return HttpErrorResponse(400, "parseError", "The request's body is no JSON object");
  }
  const absl::StatusOr<SystemParameters> parameters = SystemParameters::Of(request);
  if (!parameters.ok()) return ErrorResponse(parameters.status());
  absl::StatusOr<RestResponse> response = match.route->handler(MethodCall(request, match.path, body));
  if (!response.ok()) return ErrorResponse(response.status());
  if (request.method == "GET" && !response->etag.empty() &&
      MatchesAny(request.if_none_match.value_or(""), response->etag)) {
    return RestResponse{.status = 304, .body = "", .etag = response->etag};
  }
  FinishBody(*parameters, &*response);
  return *std::move(response);
}

}  // namespace

RestResponse Dispatch(RestContext::State& state, const RestRequest& request) {
  const std::string_view path = RelativePath(request.path);
  const std::optional<RouteMatch> match = state.routes.Find(request.method, path);
  if (match) {
    if (const absl::Status names = CheckNames(*match); !names.ok()) return ErrorResponse(names);
  }
  return match ? CallHandler(*match, request) : UnknownPath(state, request, path);
}

std::string BaseUrl(const RestRequest& request) {
  return base::StrCat(request.scheme, "://", request.host, "/bigquery/v2");
}

RestResponse JsonResponse(const json& resource) {
  RestResponse response;
  response.body = resource.dump(-1, ' ', false, json::error_handler_t::replace);
  if (const auto etag = resource.find("etag"); etag != resource.end())
    response.etag = etag->get<std::string>();
  return response;
}

}  // namespace bqcdc::emulator::handlers
