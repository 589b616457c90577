#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/credentials/fetcher_context.h"
#include "bqcdc/credentials/token_fetcher.h"

namespace bqcdc::credentials {

inline constexpr absl::Duration kMetadataProbeTimeout = absl::Seconds(3);

// host[:port] of the metadata server: GCE_METADATA_HOST, else Google's name for it.
std::string MetadataHost(const FetcherContext& context);

// Asks whether there is one, within kMetadataProbeTimeout: the project's name. Whatever answers must say that
// it is one (Metadata-Flavor: Google), so that no other web server at that address is believed. Errors:
// NotFound.
absl::StatusOr<std::string> AskMetadataProject(const FetcherContext& context);

// Tokens of the machine's default service account
// (https://cloud.google.com/compute/docs/access/authenticate-workloads#applications).
std::unique_ptr<TokenFetcher> MakeMetadataServer(const FetcherContext& context);

}  // namespace bqcdc::credentials
