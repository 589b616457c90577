#include "bqcdc/credentials/authorized_user.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/credentials/token_endpoint.h"

namespace bqcdc::credentials {
namespace {

constexpr char kHint[] = "the login has ended or was revoked: gcloud auth application-default login";

class RefreshToken final : public TokenFetcher {
 public:
  // `client` is sent in the form where it is not empty.
  RefreshToken(http::Transport& transport, TokenEndpoint endpoint, Form client, std::string refresh_token)
      : transport_(transport),
        endpoint_(std::move(endpoint)),
        client_(std::move(client)),
        refresh_token_(std::move(refresh_token)) {}

  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override {
    Form form = {{"grant_type", "refresh_token"}};
    form.insert(form.end(), client_.begin(), client_.end());
    form.emplace_back("refresh_token", refresh_token_);
    BQCDC_ASSIGN_OR_RETURN(TokenAnswer answer, AskTokenEndpoint(transport_, endpoint_, form, now));
    if (!answer.refresh_token.empty()) refresh_token_ = std::move(answer.refresh_token);
    return std::move(answer.token);
  }

 private:
  http::Transport& transport_;
  const TokenEndpoint endpoint_;
  const Form client_;
  std::string refresh_token_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeAuthorizedUser(const FetcherContext& context,
                                                                 const JsonFields& file) {
  BQCDC_ASSIGN_OR_RETURN(std::string client_id, file.Text("client_id"));
  BQCDC_ASSIGN_OR_RETURN(std::string client_secret, file.Text("client_secret"));
  BQCDC_ASSIGN_OR_RETURN(std::string refresh_token, file.Text("refresh_token"));
  BQCDC_ASSIGN_OR_RETURN(std::string token_uri, file.SecureUrl("token_uri", kGoogleTokenUri));
  return std::make_unique<RefreshToken>(
      *context.transport, TokenEndpoint{std::move(token_uri), "", "", kHint},
      Form{{"client_id", std::move(client_id)}, {"client_secret", std::move(client_secret)}},
      std::move(refresh_token));
}

absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeExternalAuthorizedUser(const FetcherContext& context,
                                                                         const JsonFields& file) {
  BQCDC_ASSIGN_OR_RETURN(std::string client_id, file.Text("client_id"));
  BQCDC_ASSIGN_OR_RETURN(std::string client_secret, file.Text("client_secret"));
  BQCDC_ASSIGN_OR_RETURN(std::string refresh_token, file.Text("refresh_token"));
  BQCDC_ASSIGN_OR_RETURN(std::string token_url, file.SecureUrl("token_url"));
  return std::make_unique<RefreshToken>(
      *context.transport,
      TokenEndpoint{std::move(token_url), std::move(client_id), std::move(client_secret), kHint}, Form{},
      std::move(refresh_token));
}

}  // namespace bqcdc::credentials
