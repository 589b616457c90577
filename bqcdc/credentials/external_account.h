#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "bqcdc/credentials/fetcher_context.h"
#include "bqcdc/credentials/json_fields.h"
#include "bqcdc/credentials/token_fetcher.h"

namespace bqcdc::credentials {

// "type": "external_account" (workload and workforce identity federation): the token of another identity
// provider (subject_token.h), exchanged at token_url (RFC 8693), and with service_account_impersonation_url
// turned into that account's.
absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeExternalAccount(const FetcherContext& context,
                                                                  const JsonFields& file);

}  // namespace bqcdc::credentials
