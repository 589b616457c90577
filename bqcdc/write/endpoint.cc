#include "bqcdc/write/endpoint.h"

#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::write {
namespace {

using base::StrCat;

// An address taken apart. IPv6 hosts keep their brackets.
struct Address {
  bool plaintext = false;
  std::string host;
  std::optional<int> port;
};

absl::StatusOr<Address> ParseAddress(std::string_view what, std::string_view text,
                                     bool plaintext_by_default) {
  const auto refuse = [&](std::string_view why) {
    return base::InvalidArgument(what, " '", text, "' ", why,
                                 "; give http://HOST:PORT, https://HOST or HOST:PORT");
  };
  Address address;
  std::string_view rest = text;
  std::optional<bool> scheme_plaintext;
  if (const std::size_t scheme_end = rest.find("://"); scheme_end != std::string_view::npos) {
    const std::string scheme = absl::AsciiStrToLower(base::ToAbsl(rest.substr(0, scheme_end)));
    if (scheme != "http" && scheme != "https") return refuse("has an unknown scheme");
    scheme_plaintext = scheme == "http";
    rest.remove_prefix(scheme_end + 3);
  }
  // The base path of the API may be given, as some clients want it.
  for (const std::string_view suffix : {"/", "/bigquery/v2", "/bigquery/v2/"}) {
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos && rest.substr(slash) == suffix) rest = rest.substr(0, slash);
  }
  if (rest.find('/') != std::string_view::npos) return refuse("has a path");
  const std::size_t colon = rest.rfind(':');
  const bool bracketed = !rest.empty() && rest.front() == '[';
  std::string_view host = rest;
  if (colon != std::string_view::npos && (!bracketed || rest.find(']') < colon)) {
    host = rest.substr(0, colon);
    const std::string_view digits = rest.substr(colon + 1);
    int port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port < 1 || port > 65535) {
      return refuse("has no port from 1 to 65535");
    }
    address.port = port;
  }
  if (host.empty() || (!bracketed && host.find(':') != std::string_view::npos))
    return refuse("names no host");
  address.host = std::string(host);
  address.plaintext = scheme_plaintext.value_or(plaintext_by_default || IsLoopbackHost(host));
  return address;
}

std::string RestUrl(const Address& address) {
  return StrCat(address.plaintext ? "http://" : "https://", address.host,
                address.port.has_value() ? StrCat(":", *address.port) : "");
}

std::string StorageTarget(const Address& address) {
  return StrCat(address.host, ":", address.port.value_or(address.plaintext ? kLocalStoragePort : 443));
}

// A server that listens on all addresses or on loopback advertises what it knows; from elsewhere only its
// port is of use, since the name by which it was reached is the one that leads there.
// By TLS the name matters, too: the certificate was checked for it.
std::string AdvertisedTarget(const Address& rest, const std::string& advertised) {
  const auto address = ParseAddress("advertised storage endpoint", advertised, true);
  if (!address.ok() || !address->port.has_value()) return StrCat(rest.host, ":", kLocalStoragePort);
  const bool unspecific =
      IsLoopbackHost(address->host) || address->host == "0.0.0.0" || address->host == "[::]";
  const bool rest_name = unspecific && (!rest.plaintext || !IsLoopbackHost(rest.host));
  return StrCat(rest_name ? rest.host : address->host, ":", *address->port);
}

// Google's own endpoints, private ones too, advertise nothing.
bool IsGoogleHost(std::string_view host) {
  const std::string lower = absl::AsciiStrToLower(base::ToAbsl(host));
  return absl::EndsWith(lower, ".googleapis.com");
}

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  const std::string lower = absl::AsciiStrToLower(base::ToAbsl(host));
  if (lower == "localhost" || absl::EndsWith(lower, ".localhost") || lower == "[::1]") return true;
  if (!absl::StartsWith(lower, "127.")) return false;
  return lower.find_first_not_of("0123456789.") == std::string::npos;
}

absl::StatusOr<Endpoints> ResolveEndpoints(const EndpointChoice& choice,
                                           const AdvertisedStorage& advertised) {
  const bool rest_by_flag = !choice.rest.empty();
  const bool rest_given = rest_by_flag || !choice.emulator_host.empty();
  Address rest;
  if (rest_by_flag) {
    BQCDC_ASSIGN_OR_RETURN(rest, ParseAddress("--endpoint", choice.rest, false));
  } else if (rest_given) {
    BQCDC_ASSIGN_OR_RETURN(rest, ParseAddress("BIGQUERY_EMULATOR_HOST", choice.emulator_host, true));
  }
  Endpoints endpoints;
  endpoints.rest_url = rest_given ? RestUrl(rest) : std::string(kServiceRestUrl);
  endpoints.local = rest_given && rest.plaintext;
  endpoints.loopback = rest_given && IsLoopbackHost(rest.host);

  if (!choice.storage.empty()) {
    // An address without scheme and with REST's host is the same server's: HOST:PORT as printed by it.
    std::string storage_text = choice.storage;
    if (rest_given && storage_text.starts_with(rest.host + ":")) {
      storage_text.insert(0, rest.plaintext ? "http://" : "https://");
    }
    BQCDC_ASSIGN_OR_RETURN(const Address storage, ParseAddress("--storage-endpoint", storage_text, false));
    if (storage.plaintext != endpoints.local) {
      return base::InvalidArgument("one endpoint is local and the other is not: REST ", endpoints.rest_url,
                                   rest_given ? "" : " (the service; no --endpoint was given)", ", storage ",
                                   choice.storage,
                                   "; give --endpoint and --storage-endpoint of the same server");
    }
    endpoints.storage_target = StorageTarget(storage);
    return endpoints;
  }
  const bool may_advertise = rest_given && !IsGoogleHost(rest.host);
  const std::optional<std::string> target = may_advertise ? advertised(endpoints.rest_url) : std::nullopt;
  if (target.has_value()) {
    endpoints.storage_target = AdvertisedTarget(rest, *target);
  } else if (endpoints.local || endpoints.loopback || (rest_given && !rest_by_flag)) {
    // Never the service: what BIGQUERY_EMULATOR_HOST names by https is still that server.
    endpoints.storage_target = StrCat(rest.host, ":", kLocalStoragePort);
  } else {
    endpoints.storage_target = std::string(kServiceStorageTarget);
  }
  return endpoints;
}

}  // namespace bqcdc::write
