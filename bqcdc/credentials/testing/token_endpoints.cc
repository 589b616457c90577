#include "bqcdc/credentials/testing/token_endpoints.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "httplib.h"

namespace bqcdc::credentials {
namespace {

using nlohmann::json;

std::string BasicOf(const std::string& user, const std::string& password) {
  return absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(user, ":", password)));
}

}  // namespace

TokenEndpoints::TokenEndpoints(CertificateAuthority& authority) {
  const IssuedCertificate certificate = authority.Issue("token-endpoints");
  server_ = std::make_unique<TlsServer>(&certificate, [this](httplib::Server& server) { Mount(server); });
  metadata_ =
      std::make_unique<TlsServer>(nullptr, [this](httplib::Server& server) { MountMetadata(server); });
}

std::vector<std::string> TokenEndpoints::tokens() {
  absl::MutexLock lock(&mutex_);
  return tokens_;
}

std::vector<std::string> TokenEndpoints::requests() {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

void TokenEndpoints::HandOut(std::string token) {
  absl::MutexLock lock(&mutex_);
  handed_out_ = std::move(token);
}

void TokenEndpoints::set_lifetime_seconds(int seconds) {
  absl::MutexLock lock(&mutex_);
  lifetime_seconds_ = seconds;
}

void TokenEndpoints::FailWith(int code) {
  absl::MutexLock lock(&mutex_);
  fail_with_ = code;
}

std::string TokenEndpoints::NewToken(const std::string& name) {
  tokens_.push_back(handed_out_.empty() ? absl::StrCat(name, "-", tokens_.size() + 1) : handed_out_);
  return tokens_.back();
}

void TokenEndpoints::Note(const httplib::Request& request) {
  absl::MutexLock lock(&mutex_);
  requests_.push_back(absl::StrCat(request.method, " ", request.target, "\n", request.body));
}

void TokenEndpoints::AnswerToken(const httplib::Request& request, const std::string& name,
                                 const std::string& error, httplib::Response& response) {
  absl::MutexLock lock(&mutex_);
  if (fail_with_ != 0 || !error.empty()) {
    response.status = fail_with_ != 0 ? fail_with_ : 400;
    std::string everything = request.body;
    for (const auto& [header, value] : request.headers) absl::StrAppend(&everything, " ", value);
    response.set_content(json{{"error", error}, {"error_description", everything}}.dump(),
                         "application/json");
    return;
  }
  json body = {{"access_token", NewToken(name)}, {"expires_in", lifetime_seconds_}, {"token_type", "Bearer"}};
  if (name == "external-user")
    body["refresh_token"] = refresh_token_ = absl::StrCat("rotated-hush-", tokens_.size());
  response.set_content(body.dump(), "application/json");
}

// "" or the word of the refusal.
std::string TokenEndpoints::CheckJwt(const std::string& assertion) const {
  std::string header, claims_text;
  if (!VerifyJwt(assertion, key_.public_pem, &header, &claims_text)) return "invalid_grant";
  const json claims = json::parse(claims_text, nullptr, false);
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  const bool good = claims.value("iss", "") == kEmail && claims.value("aud", "") == token_uri() &&
                    !claims.value("scope", "").empty() && claims.value("iat", int64_t{0}) <= now + 60 &&
                    claims.value("exp", int64_t{0}) > now && claims.value("exp", int64_t{0}) <= now + 3660;
  return good ? "" : "invalid_grant";
}

void TokenEndpoints::Mount(httplib::Server& server) {
  server.Post("/token", [this](const httplib::Request& request, httplib::Response& response) {
    Note(request);
    const auto field = [&request](const char* name) { return request.get_param_value(name); };
    if (field("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer") {
      return AnswerToken(request, "service-account", CheckJwt(field("assertion")), response);
    }
    const bool good = field("grant_type") == "refresh_token" && field("client_id") == kClientId &&
                      field("client_secret") == kClientSecret && field("refresh_token") == kRefreshToken;
    AnswerToken(request, "user", good ? "" : "invalid_grant", response);
  });
  server.Post("/v1/oauthtoken", [this](const httplib::Request& request, httplib::Response& response) {
    Note(request);
    bool good = request.get_header_value("Authorization") == BasicOf(kClientId, kClientSecret) &&
                request.get_param_value("grant_type") == "refresh_token";
    {
      absl::MutexLock lock(&mutex_);
      good = good && request.get_param_value("refresh_token") == refresh_token_;
    }
    AnswerToken(request, "external-user", good ? "" : "invalid_grant", response);
  });
  server.Post("/v1/token", [this](const httplib::Request& request, httplib::Response& response) {
    Note(request);
    const auto field = [&request](const char* name) { return request.get_param_value(name); };
    const bool good = field("grant_type") == "urn:ietf:params:oauth:grant-type:token-exchange" &&
                      field("audience") == kAudience && field("subject_token") == kSubjectToken &&
                      field("subject_token_type") == kTokenType && !field("scope").empty() &&
                      field("requested_token_type") == "urn:ietf:params:oauth:token-type:access_token";
    AnswerToken(request, "exchanged", good ? "" : "invalid_grant", response);
  });
  server.Post(
      R"(/v1/projects/-/serviceAccounts/([^:/]+):generateAccessToken)",
      [this](const httplib::Request& request, httplib::Response& response) {
        Note(request);
        absl::MutexLock lock(&mutex_);
        const std::string authorization = request.get_header_value("Authorization");
        const bool known = authorization.size() > 7 &&
                           std::count(tokens_.begin(), tokens_.end(), authorization.substr(7)) > 0;
        if (!known || fail_with_ != 0) {
          response.status = fail_with_ != 0 ? fail_with_ : 403;
          response.set_content(json{{"error",
                                     {{"code", 403},
                                      {"status", "PERMISSION_DENIED"},
                                      {"message", absl::StrCat("refused: ", authorization)}}}}
                                   .dump(),
                               "application/json");
          return;
        }
        const json body = json::parse(request.body, nullptr, false);
        if (!body.is_object() || !body["scope"].is_array() || !body["lifetime"].is_string()) {
          response.status = 400;
          return;
        }
        const std::string expires = absl::FormatTime(
            "%Y-%m-%d%ET%H:%M:%SZ", absl::Now() + absl::Seconds(lifetime_seconds_), absl::UTCTimeZone());
        response.set_content(json{{"accessToken", NewToken("impersonated")}, {"expireTime", expires}}.dump(),
                             "application/json");
      });
  server.Get("/subject", [this](const httplib::Request& request, httplib::Response& response) {
    Note(request);
    if (request.get_header_value("X-Provider") != "yes") {
      response.status = 403;
      response.set_content("who are you?", "text/plain");
      return;
    }
    response.set_content(json{{"value", kSubjectToken}}.dump(), "application/json");
  });
}

void TokenEndpoints::MountMetadata(httplib::Server& server) {
  server.Get("/computeMetadata/v1/(.*)",
             [this](const httplib::Request& request, httplib::Response& response) {
               Note(request);
               if (request.get_header_value("Metadata-Flavor") != "Google") {
                 response.status = 403;
                 return;
               }
               response.set_header("Metadata-Flavor", "Google");
               if (request.matches[1] == "project/project-id")
                 return response.set_content("metadata-project", "application/text");
               if (request.matches[1] == "instance/service-accounts/default/token") {
                 return AnswerToken(request, "metadata", "", response);
               }
               response.status = 404;
             });
}

}  // namespace bqcdc::credentials
