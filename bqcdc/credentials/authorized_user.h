#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "bqcdc/credentials/fetcher_context.h"
#include "bqcdc/credentials/json_fields.h"
#include "bqcdc/credentials/token_fetcher.h"

namespace bqcdc::credentials {

// "type": "authorized_user", of `gcloud auth application-default login`: a refresh token, exchanged at Google
// (or at token_uri).
absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeAuthorizedUser(const FetcherContext& context,
                                                                 const JsonFields& file);

// "type": "external_account_authorized_user", of a login through workforce identity federation: the same at
// token_url, with the client in an Authorization header; the endpoint may hand out a new refresh token, which
// is kept in memory.
absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeExternalAuthorizedUser(const FetcherContext& context,
                                                                         const JsonFields& file);

}  // namespace bqcdc::credentials
