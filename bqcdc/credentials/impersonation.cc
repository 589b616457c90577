#include "bqcdc/credentials/impersonation.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/credentials/token_endpoint.h"
#include "bqcdc/credentials/token_text.h"

namespace bqcdc::credentials {
namespace {

constexpr char kHint[] =
    "the source account needs roles/iam.serviceAccountTokenCreator on the impersonated account (or on the "
    "next "
    "delegate), and the IAM Credentials API must be on";

class ImpersonatedAccount final : public TokenFetcher {
 public:
  ImpersonatedAccount(http::Transport& transport, std::unique_ptr<TokenFetcher> source,
                      Impersonation impersonation)
      : transport_(transport), source_(std::move(source)), impersonation_(std::move(impersonation)) {}

  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override {
    BQCDC_ASSIGN_OR_RETURN(const FetchedToken source, source_->Fetch(now));
    if (!IsTokenText(source.token))
      return absl::UnauthenticatedError("the source credentials gave an unfit token");
    http::Request request;
    request.method = "POST";
    request.url = impersonation_.url;
    request.headers = {{"Content-Type", "application/json"},
                       {"Authorization", absl::StrCat("Bearer ", source.token)}};
    nlohmann::json body = {{"scope", {impersonation_.scope}},
                           {"lifetime", absl::StrCat(absl::ToInt64Seconds(impersonation_.lifetime), "s")}};
    if (!impersonation_.delegates.empty()) body["delegates"] = impersonation_.delegates;
    request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    request.timeout = kTokenTimeout;
    BQCDC_ASSIGN_OR_RETURN(const http::Response response, transport_.Perform(request));
    return Read(response);
  }

 private:
  // {"accessToken": …, "expireTime": RFC 3339}
  absl::StatusOr<FetchedToken> Read(const http::Response& response) const {
    const std::string from = http::WithoutSecrets(impersonation_.url);
    if (response.code != 200) return RefusalOf(response, from, kHint);
    const auto body = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
    const auto text = [&body](const char* name) {
      return body.is_object() && body.contains(name) && body[name].is_string() ? body[name].get<std::string>()
                                                                               : std::string();
    };
    FetchedToken token;
    token.token = text("accessToken");
    std::string error;
    if (token.token.empty() ||
        !absl::ParseTime(absl::RFC3339_full, text("expireTime"), &token.expires, &error)) {
      return absl::UnauthenticatedError(absl::StrCat(
          "the answer of ", from, " holds no accessToken with expireTime; is this the right address?"));
    }
    return token;
  }

  http::Transport& transport_;
  const std::unique_ptr<TokenFetcher> source_;
  const Impersonation impersonation_;
};

}  // namespace

std::unique_ptr<TokenFetcher> Impersonate(http::Transport& transport, std::unique_ptr<TokenFetcher> source,
                                          Impersonation impersonation) {
  return std::make_unique<ImpersonatedAccount>(transport, std::move(source), std::move(impersonation));
}

absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeImpersonatedAccount(const FetcherContext& context,
                                                                      const JsonFields& file,
                                                                      std::unique_ptr<TokenFetcher> source) {
  Impersonation impersonation;
  BQCDC_ASSIGN_OR_RETURN(impersonation.url, file.SecureUrl("service_account_impersonation_url"));
  BQCDC_ASSIGN_OR_RETURN(impersonation.delegates, file.OptionalTexts("delegates"));
  impersonation.scope = context.scope;
  return Impersonate(*context.transport, std::move(source), std::move(impersonation));
}

}  // namespace bqcdc::credentials
