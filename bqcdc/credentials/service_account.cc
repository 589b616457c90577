#include "bqcdc/credentials/service_account.h"

#include <nlohmann/json.hpp>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/credentials/signed_jwt.h"
#include "bqcdc/credentials/token_endpoint.h"

namespace bqcdc::credentials {
namespace {

constexpr absl::Duration kJwtLifetime = absl::Hours(1);  // the longest that Google accepts
constexpr char kExchangeHint[] =
    "the key is deleted or disabled, the account is gone, or this machine's clock is wrong";

// Addresses that Google has written into key files over the years.
bool IsGoogleTokenUri(const std::string& url) {
  for (const char* known :
       {kGoogleTokenUri, "https://accounts.google.com/o/oauth2/token",
        "https://www.googleapis.com/oauth2/v4/token", "https://www.googleapis.com/oauth2/v3/token"}) {
    if (url == known) return true;
  }
  return false;
}

nlohmann::json Claims(const std::string& email, const std::string& scope, absl::Time now) {
  return {{"iss", email},
          {"sub", email},
          {"scope", scope},
          {"iat", absl::ToUnixSeconds(now)},
          {"exp", absl::ToUnixSeconds(now + kJwtLifetime)}};
}

class SelfSigned final : public TokenFetcher {
 public:
  SelfSigned(std::string email, std::string scope, std::unique_ptr<JwtSigner> signer)
      : email_(std::move(email)), scope_(std::move(scope)), signer_(std::move(signer)) {}

  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override {
    BQCDC_ASSIGN_OR_RETURN(std::string jwt, signer_->Sign(Claims(email_, scope_, now)));
    return FetchedToken{std::move(jwt), absl::FromUnixSeconds(absl::ToUnixSeconds(now + kJwtLifetime))};
  }

 private:
  const std::string email_, scope_;
  const std::unique_ptr<JwtSigner> signer_;
};

class Exchanged final : public TokenFetcher {
 public:
  Exchanged(http::Transport& transport, std::string email, std::string scope,
            std::unique_ptr<JwtSigner> signer, std::string token_uri)
      : transport_(transport),
        email_(std::move(email)),
        scope_(std::move(scope)),
        signer_(std::move(signer)),
        endpoint_{std::move(token_uri), "", "", kExchangeHint} {}

  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override {
    nlohmann::json claims = Claims(email_, scope_, now);
    claims["aud"] = endpoint_.url;
    BQCDC_ASSIGN_OR_RETURN(std::string jwt, signer_->Sign(claims));
    BQCDC_ASSIGN_OR_RETURN(TokenAnswer answer,
                           AskTokenEndpoint(transport_, endpoint_,
                                            {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                             {"assertion", std::move(jwt)}},
                                            now));
    return std::move(answer.token);
  }

 private:
  http::Transport& transport_;
  const std::string email_, scope_;
  const std::unique_ptr<JwtSigner> signer_;
  const TokenEndpoint endpoint_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeServiceAccount(const FetcherContext& context,
                                                                 const JsonFields& file) {
  BQCDC_ASSIGN_OR_RETURN(std::string email, file.Text("client_email"));
  BQCDC_ASSIGN_OR_RETURN(const std::string pem, file.Text("private_key"));
  BQCDC_ASSIGN_OR_RETURN(std::string key_id, file.OptionalText("private_key_id"));
  BQCDC_ASSIGN_OR_RETURN(std::string token_uri, file.SecureUrl("token_uri", kGoogleTokenUri));
  BQCDC_ASSIGN_OR_RETURN(std::unique_ptr<JwtSigner> signer, JwtSigner::Make(pem, std::move(key_id)));
  if (IsGoogleTokenUri(token_uri)) {
    return std::make_unique<SelfSigned>(std::move(email), context.scope, std::move(signer));
  }
  return std::make_unique<Exchanged>(*context.transport, std::move(email), context.scope, std::move(signer),
                                     std::move(token_uri));
}

}  // namespace bqcdc::credentials
