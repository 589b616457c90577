#include "bqcdc/emulator/handlers/rest_error.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

// What a status without a reason of its own becomes, by its code
// (https://cloud.google.com/bigquery/docs/error-messages#errortable).
struct CodeMapping {
  absl::StatusCode code;
  std::string_view reason;
  int http_code;
};
constexpr CodeMapping kCodeMappings[] = {
    {absl::StatusCode::kInvalidArgument, "invalid", 400},
    {absl::StatusCode::kOutOfRange, "invalid", 400},
    {absl::StatusCode::kFailedPrecondition, "invalid", 400},
    {absl::StatusCode::kNotFound, "notFound", 404},
    {absl::StatusCode::kAlreadyExists, "duplicate", 409},
    {absl::StatusCode::kUnimplemented, "notImplemented", 501},
    {absl::StatusCode::kAborted, "backendError", 503},
    {absl::StatusCode::kUnavailable, "backendError", 503},
    {absl::StatusCode::kCancelled, "stopped", 499},
    {absl::StatusCode::kDeadlineExceeded, "timeout", 400},
    {absl::StatusCode::kResourceExhausted, "resourcesExceeded", 400},
};

const CodeMapping* MappingOf(const absl::Status& status) {
  if (errors::ReasonOf(status) != errors::kReasonInternalError) return nullptr;
  for (const CodeMapping& mapping : kCodeMappings) {
    if (mapping.code == status.code()) return &mapping;
  }
  return nullptr;
}

// google.rpc.Code's name that goes with an HTTP code
// (https://cloud.google.com/apis/design/errors#handling_errors).
std::string_view RpcName(int http_code) {
  switch (http_code) {
    case 400:
    case 413:
    case 415:
      return "INVALID_ARGUMENT";
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 409:
      return "ALREADY_EXISTS";
    case 412:
      return "FAILED_PRECONDITION";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 499:
      return "CANCELLED";
    case 501:
      return "UNIMPLEMENTED";
    case 503:
      return "UNAVAILABLE";
    default:
      return http_code < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
  }
}

RestResponse Envelope(int http_code, json detail) {
  json error = {{"code", http_code}, {"message", detail["message"]}, {"status", RpcName(http_code)}};
  error["errors"] = json::array({std::move(detail)});
  RestResponse response;
  response.status = http_code;
  response.body = json{{"error", std::move(error)}}.dump(-1, ' ', false, json::error_handler_t::replace);
  return response;
}

}  // namespace

std::string_view RestReason(const absl::Status& status) {
  const CodeMapping* mapping = MappingOf(status);
  return mapping != nullptr ? mapping->reason : errors::ReasonOf(status);
}

int RestHttpCode(const absl::Status& status) {
  const CodeMapping* mapping = MappingOf(status);
  return mapping != nullptr ? mapping->http_code : errors::HttpCodeOf(status);
}

json ErrorProto(const absl::Status& status) {
  json proto = {{"reason", RestReason(status)}, {"message", std::string(base::ToStd(status.message()))}};
  if (const auto location = errors::LocationOf(status)) proto["location"] = *location;
  return proto;
}

RestResponse ErrorResponse(const absl::Status& status) {
  json detail = ErrorProto(status);
  detail["domain"] = "global";
  if (const auto location = errors::LocationOf(status))
    detail["locationType"] = *location == errors::kLocationIfMatch ? "header" : "parameter";
  return Envelope(RestHttpCode(status), std::move(detail));
}

RestResponse HttpErrorResponse(int http_code, std::string_view reason, std::string_view message) {
  return Envelope(http_code, {{"reason", reason}, {"message", message}, {"domain", "global"}});
}

RestResponse UnauthenticatedResponse(const absl::Status& status, bool sent_some) {
  // The two messages differ, as they do in the service.
  const json detail = {{"reason", sent_some ? "authError" : "required"},
                       {"message", sent_some ? "Invalid Credentials" : "Login Required."},
                       {"domain", "global"},
                       {"location", "Authorization"},
                       {"locationType", "header"}};
  RestResponse response;
  response.status = 401;
  response.body = json{{"error",
                        {{"code", 401},
                         {"message", std::string(base::ToStd(status.message()))},
                         {"status", RpcName(401)},
                         {"errors", json::array({detail})}}}}
                      .dump();
  return response;
}

}  // namespace bqcdc::emulator::handlers
