#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/credentials/fetcher_context.h"
#include "bqcdc/credentials/json_fields.h"
#include "bqcdc/credentials/token_fetcher.h"

namespace bqcdc::credentials {

// Another account's token by generateAccessToken of the IAM Credentials API
// (https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken).
struct Impersonation {
  std::string url;  // …/serviceAccounts/EMAIL:generateAccessToken
  std::vector<std::string> delegates;
  std::string scope;
  absl::Duration lifetime = absl::Hours(1);
};

// A fetcher that asks with `source`'s token, whose scope must be kCloudPlatformScope.
std::unique_ptr<TokenFetcher> Impersonate(http::Transport& transport, std::unique_ptr<TokenFetcher> source,
                                          Impersonation impersonation);

// "type": "impersonated_service_account": the account of service_account_impersonation_url in the name of
// `source` (of source_credentials), through `delegates`.
absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeImpersonatedAccount(const FetcherContext& context,
                                                                      const JsonFields& file,
                                                                      std::unique_ptr<TokenFetcher> source);

}  // namespace bqcdc::credentials
