#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "bqcdc/credentials/fetcher_context.h"
#include "bqcdc/credentials/json_fields.h"
#include "bqcdc/credentials/token_fetcher.h"

namespace bqcdc::credentials {

// "type": "service_account". With Google's own token_uri the token is a JWT that the account signs itself,
// with a scope instead of an audience, so one serves REST and gRPC and nobody is asked
// (https://google.aip.dev/auth/4111). With another token_uri such a JWT is exchanged there (RFC 7523).
absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeServiceAccount(const FetcherContext& context,
                                                                 const JsonFields& file);

}  // namespace bqcdc::credentials
