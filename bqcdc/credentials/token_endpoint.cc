#include "bqcdc/credentials/token_endpoint.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::credentials {
namespace {

using nlohmann::json;

// A token that would hold longer is believed for this long only.
constexpr int64_t kLifetimeSecondsMax = 12 * 60 * 60;

// Error words of RFC 6749 (5.2, 4.1.2.1), RFC 8693 (2.2.2), RFC 6750 (3.1) and google.rpc.Code. Others are
// not repeated.
constexpr const char* kKnownWords[] = {"invalid_request",
                                       "invalid_client",
                                       "invalid_grant",
                                       "unauthorized_client",
                                       "unsupported_grant_type",
                                       "invalid_scope",
                                       "invalid_target",
                                       "invalid_token",
                                       "access_denied",
                                       "insufficient_scope",
                                       "server_error",
                                       "temporarily_unavailable",
                                       "INVALID_ARGUMENT",
                                       "FAILED_PRECONDITION",
                                       "UNAUTHENTICATED",
                                       "PERMISSION_DENIED",
                                       "NOT_FOUND",
                                       "RESOURCE_EXHAUSTED",
                                       "UNAVAILABLE",
                                       "INTERNAL",
                                       "deleted_client",
                                       "org_internal",
                                       "rate_limit_exceeded"};

std::string TextMember(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>()
                                                                           : std::string();
}

// {"error": "word"} of OAuth, {"error": {"status": "WORD"}} of Google's APIs.
std::string WordOf(const json& body) {
  std::string word = TextMember(body, "error");
  if (word.empty() && body.is_object() && body.contains("error")) word = TextMember(body["error"], "status");
  for (const char* known : kKnownWords) {
    if (word == known) return word;
  }
  return "";
}

// Seconds, which some servers write as a text.
bool ReadSeconds(const json& body, int64_t* seconds) {
  const auto found = body.find("expires_in");
  if (found == body.end()) return false;
  if (found->is_string()) return absl::SimpleAtoi(found->get<std::string>(), seconds) && *seconds > 0;
  if (!found->is_number_integer()) return false;
  *seconds = found->get<int64_t>();
  return *seconds > 0;
}

}  // namespace

absl::Status RefusalOf(const http::Response& response, const std::string& from, const std::string& hint) {
  const std::string word = WordOf(json::parse(response.body, nullptr, /*allow_exceptions=*/false));
  const bool passing = response.code == 408 || response.code == 429 || response.code >= 500;
  const std::string end = passing ? "; it may pass" : hint.empty() ? "" : absl::StrCat("; ", hint);
  return absl::Status(
      passing ? absl::StatusCode::kUnavailable : absl::StatusCode::kUnauthenticated,
      absl::StrCat("no token from ", from, ": HTTP ", response.code, word.empty() ? "" : ", ", word, end));
}

absl::StatusOr<TokenAnswer> ReadTokenAnswer(const http::Response& response, const std::string& from,
                                            const std::string& hint, absl::Time now) {
  if (response.code != 200) return RefusalOf(response, from, hint);
  const auto body = json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  TokenAnswer answer;
  answer.token.token = TextMember(body, "access_token");
  answer.refresh_token = TextMember(body, "refresh_token");
  int64_t seconds = 0;
  if (answer.token.token.empty() || !ReadSeconds(body, &seconds)) {
    return absl::UnauthenticatedError(absl::StrCat(
        "the answer of ", from, " holds no access_token with expires_in; is this the right address?"));
  }
  answer.token.expires = now + absl::Seconds(std::min(seconds, kLifetimeSecondsMax));
  return answer;
}

std::string EncodeForm(const Form& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    absl::StrAppend(&text, text.empty() ? "" : "&", name, "=", http::UrlEncode(value));
  }
  return text;
}

absl::StatusOr<TokenAnswer> AskTokenEndpoint(http::Transport& transport, const TokenEndpoint& endpoint,
                                             const Form& form, absl::Time now) {
  http::Request request;
  request.method = "POST";
  request.url = endpoint.url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  if (!endpoint.basic_user.empty()) {
    request.headers.emplace_back(
        "Authorization", absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(endpoint.basic_user, ":",
                                                                                endpoint.basic_password))));
  }
  request.body = EncodeForm(form);
  request.timeout = kTokenTimeout;
  BQCDC_ASSIGN_OR_RETURN(const http::Response response, transport.Perform(request));
  return ReadTokenAnswer(response, http::WithoutSecrets(endpoint.url), endpoint.hint, now);
}

}  // namespace bqcdc::credentials
