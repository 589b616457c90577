#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace bqcdc::write {

inline constexpr std::string_view kServiceRestUrl = "https://bigquery.googleapis.com";
inline constexpr std::string_view kServiceStorageTarget = "bigquerystorage.googleapis.com:443";
// gRPC port of a local server that does not say its own.
inline constexpr int kLocalStoragePort = 9060;

// What a person gave: flags, and the environment variable that BigQuery clients read for local servers.
struct EndpointChoice {
  std::string rest;           // --endpoint: URL or host[:port]; empty = not given
  std::string storage;        // --storage-endpoint: URL or host[:port]; empty = not given
  std::string emulator_host;  // BIGQUERY_EMULATOR_HOST, with or without scheme; empty = not set
};

// Where both APIs are. Local means: plaintext and no credentials; both are local or neither is.
struct Endpoints {
  std::string rest_url;        // "http://localhost:9050", without a path
  std::string storage_target;  // "localhost:9060", for gRPC
  bool local = false;
  bool loopback = false;  // REST is on this machine, whether local or by TLS: no proxy leads there
};

// Answers GET {rest_url}/bqcdc/v1/endpoints: the value of "storage" ("host:port"), nullopt where the server
// says nothing of the kind.
using AdvertisedStorage = std::function<std::optional<std::string>(const std::string& rest_url)>;

// Decides by these rules:
//   http:// or a loopback host          plaintext, no credentials
//   https:// or any other host          TLS and credentials
//   neither flag nor variable           the service itself
//   a storage endpoint alone            REST by the variable, else the service
//   a local REST endpoint alone         the storage endpoint that the server advertises, else port 9060 of
//   that host,
//                                       never the service
//   https:// of any host but Google's   the same by TLS where the server advertises one, and always on
//   alone                               loopback or by the variable; else the service
//   one local and the other not         an error, since rows would go elsewhere than the table that was
//   looked at
// A flag goes before the variable. The variable without scheme means http.
// Errors: InvalidArgument, to be treated as wrong usage.
absl::StatusOr<Endpoints> ResolveEndpoints(const EndpointChoice& choice, const AdvertisedStorage& advertised);

// True for localhost, *.localhost, 127.0.0.0/8 and [::1].
bool IsLoopbackHost(std::string_view host);

}  // namespace bqcdc::write
