#include "bqcdc/rest/service_error.h"

#include <nlohmann/json.hpp>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace bqcdc::rest {
namespace {

constexpr char kReasonPayload[] = "bqcdc/rest/reason";
constexpr char kForeignPayload[] = "bqcdc/rest/foreign_answer";
constexpr char kServicePayload[] = "bqcdc/rest/service_answer";
constexpr std::size_t kForeignBodyBytesMax = 200;  // of an answer that is not the API's own

absl::StatusCode CodeOfHttp(int http) {
  switch (http) {
    case 400:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
      return absl::StatusCode::kAlreadyExists;
    case 412:
      return absl::StatusCode::kFailedPrecondition;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    case 501:
      return absl::StatusCode::kUnimplemented;
    default:
      return http >= 500 ? absl::StatusCode::kUnavailable : absl::StatusCode::kUnknown;
  }
}

std::string TextMember(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

absl::Status ErrorWithReason(absl::StatusCode code, std::string_view message, std::string_view reason) {
  absl::Status status(code, absl::string_view(message.data(), message.size()));
  if (!reason.empty())
    status.SetPayload(kReasonPayload, absl::Cord(absl::string_view(reason.data(), reason.size())));
  return status;
}

absl::Status StatusOfErrorResponse(const http::Response& response) {
  const absl::StatusCode code = CodeOfHttp(response.code);
  const auto body = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  const auto error = body.is_object() ? body.find("error") : body.end();
  if (!body.is_object() || error == body.end() || !error->is_object()) {
    absl::Status foreign(
        code, absl::StrCat("HTTP ", response.code, ": ", response.body.substr(0, kForeignBodyBytesMax)));
    foreign.SetPayload(kForeignPayload, absl::Cord());
    return foreign;
  }
  std::string reason;
  const auto errors = error->find("errors");
  if (errors != error->end() && errors->is_array() && !errors->empty() && errors->front().is_object()) {
    reason = TextMember(errors->front(), "reason");
  }
  std::string message = TextMember(*error, "message");
  if (message.empty()) message = absl::StrCat("HTTP ", response.code);
  absl::Status status = ErrorWithReason(code, message, reason);
  status.SetPayload(kServicePayload, absl::Cord());
  return status;
}

ErrorOrigin OriginOfError(const absl::Status& status) {
  if (status.GetPayload(kServicePayload).has_value()) return ErrorOrigin::kService;
  return status.GetPayload(kForeignPayload).has_value() ? ErrorOrigin::kForeign : ErrorOrigin::kNoAnswer;
}

std::string ServiceReason(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonPayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

bool IsRetryable(const absl::Status& status, bool repeatable) {
  const std::string reason = ServiceReason(status);
  for (const char* retryable : {"rateLimitExceeded", "backendError", "internalError", "jobBackendError",
                                "jobInternalError", "jobRateLimitExceeded", "tableUnavailable"}) {
    if (reason == retryable) return true;
  }
  if (!reason.empty()) return false;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
      return true;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded:
      return repeatable;
    default:
      return false;
  }
}

}  // namespace bqcdc::rest
