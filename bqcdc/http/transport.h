#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace bqcdc::http {

struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // sent when not empty, or when the method is POST, PUT or PATCH
  absl::Duration timeout = absl::Seconds(60);  // for the whole exchange
  // Never through a proxy: for hosts of this machine or its own network (metadata server).
  bool ignore_proxy = false;
};

struct Response {
  int code = 0;
  std::string body;
  // Names in lower case, in the order received.
  std::vector<std::pair<std::string, std::string>> headers;
};

// Sends one HTTP request and waits for its answer. Interface, so that tests answer without a network.
// Any HTTP code is a response; a Status says that there was none: Unavailable when nothing was sent (no such
// host, refused), DeadlineExceeded when time ran out, Aborted when the exchange broke midway,
// FailedPrecondition when the server's certificate is not trusted. No text holds a query, a password or a
// body. Implementations are thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual absl::StatusOr<Response> Perform(const Request& request) = 0;
};

// Larger answers are refused: a page of query results is at most 10 MB (docs: REST jobs.query).
inline constexpr std::size_t kResponseBytesMax = 64 * 1024 * 1024;

struct CurlOptions {
  // Never through a proxy: set for local endpoints, where http_proxy of the environment would lead astray.
  bool ignore_proxy = false;
  absl::Duration connect_timeout = absl::Seconds(10);
  // PEM file of the certificate authorities to trust instead of the system's; empty = the system's.
  std::string ca_file;
};

// The transport on libcurl: keeps its connection open between requests and runs one request at a time.
std::unique_ptr<Transport> MakeCurlTransport(CurlOptions options = {});

// The address without user, password, query and fragment, which may be secret: fit for an error text.
std::string WithoutSecrets(std::string_view url);

// Percent-encodes all but the unreserved characters of RFC 3986: fit for a path segment or a query value.
std::string UrlEncode(std::string_view text);

}  // namespace bqcdc::http
