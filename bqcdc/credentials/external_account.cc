#include "bqcdc/credentials/external_account.h"

#include <nlohmann/json.hpp>

#include "absl/strings/strip.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/credentials/impersonation.h"
#include "bqcdc/credentials/subject_token.h"
#include "bqcdc/credentials/token_endpoint.h"

namespace bqcdc::credentials {
namespace {

constexpr char kHint[] =
    "the identity pool does not accept the subject token: compare audience and subject_token_type with the "
    "pool's provider";
// Limits of service_account_impersonation.token_lifetime_seconds.
constexpr int64_t kLifetimeSecondsMin = 600, kLifetimeSecondsMax = 43'200;

class TokenExchange final : public TokenFetcher {
 public:
  TokenExchange(http::Transport& transport, TokenEndpoint endpoint, Form form,
                std::unique_ptr<SubjectTokenSource> source)
      : transport_(transport),
        endpoint_(std::move(endpoint)),
        form_(std::move(form)),
        source_(std::move(source)) {}

  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override {
    BQCDC_ASSIGN_OR_RETURN(std::string subject_token, source_->SubjectToken(now));
    Form form = form_;
    form.emplace_back("subject_token", std::move(subject_token));
    BQCDC_ASSIGN_OR_RETURN(TokenAnswer answer, AskTokenEndpoint(transport_, endpoint_, form, now));
    return std::move(answer.token);
  }

 private:
  http::Transport& transport_;
  const TokenEndpoint endpoint_;
  const Form form_;
  const std::unique_ptr<SubjectTokenSource> source_;
};

// "…/serviceAccounts/EMAIL:generateAccessToken" → EMAIL
std::string EmailOf(const std::string& impersonation_url) {
  const std::size_t slash = impersonation_url.rfind('/');
  if (slash == std::string::npos) return "";
  return impersonation_url.substr(slash + 1, impersonation_url.find(':', slash) - slash - 1);
}

absl::StatusOr<absl::Duration> ImpersonationLifetime(const JsonFields& file) {
  if (!file.Has("service_account_impersonation")) return absl::Hours(1);
  BQCDC_ASSIGN_OR_RETURN(const JsonFields fields, file.Object("service_account_impersonation"));
  BQCDC_ASSIGN_OR_RETURN(const int64_t seconds, fields.Integer("token_lifetime_seconds", 3600,
                                                               kLifetimeSecondsMin, kLifetimeSecondsMax));
  return absl::Seconds(seconds);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeExternalAccount(const FetcherContext& context,
                                                                  const JsonFields& file) {
  BQCDC_ASSIGN_OR_RETURN(const std::string audience, file.Text("audience"));
  BQCDC_ASSIGN_OR_RETURN(const std::string token_type, file.Text("subject_token_type"));
  TokenEndpoint endpoint;
  BQCDC_ASSIGN_OR_RETURN(endpoint.url, file.SecureUrl("token_url"));
  BQCDC_ASSIGN_OR_RETURN(endpoint.basic_user, file.OptionalText("client_id"));
  BQCDC_ASSIGN_OR_RETURN(endpoint.basic_password, file.OptionalText("client_secret"));
  endpoint.hint = kHint;
  BQCDC_ASSIGN_OR_RETURN(const std::string user_project, file.OptionalText("workforce_pool_user_project"));
  std::string impersonation_url;
  if (file.Has("service_account_impersonation_url")) {
    BQCDC_ASSIGN_OR_RETURN(impersonation_url, file.SecureUrl("service_account_impersonation_url"));
  }
  BQCDC_ASSIGN_OR_RETURN(const absl::Duration lifetime, ImpersonationLifetime(file));
  BQCDC_ASSIGN_OR_RETURN(const JsonFields source, file.Object("credential_source"));
  BQCDC_ASSIGN_OR_RETURN(
      auto subject_tokens,
      MakeSubjectTokenSource(context, source,
                             SubjectAudience{audience, token_type, EmailOf(impersonation_url)}));

  Form form = {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
               {"audience", audience},
               {"scope", impersonation_url.empty() ? context.scope : kCloudPlatformScope},
               {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
               {"subject_token_type", token_type}};
  // Who pays for a workforce login is told by the client where there is one.
  if (!user_project.empty() && endpoint.basic_user.empty()) {
    form.emplace_back("options", nlohmann::json{{"userProject", user_project}}.dump(
                                     -1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  auto exchange = std::make_unique<TokenExchange>(*context.transport, std::move(endpoint), std::move(form),
                                                  std::move(subject_tokens));
  if (impersonation_url.empty()) return exchange;
  return Impersonate(*context.transport, std::move(exchange),
                     Impersonation{std::move(impersonation_url), {}, context.scope, lifetime});
}

}  // namespace bqcdc::credentials
