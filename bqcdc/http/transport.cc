#include "bqcdc/http/transport.h"

#include <curl/curl.h>

#include <cstring>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace bqcdc::http {
namespace {

struct ReceivedBody {
  std::string bytes;
  bool too_large = false;
};

std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto& body = *static_cast<ReceivedBody*>(user);
  const std::size_t length = size * count;
  if (body.bytes.size() + length > kResponseBytesMax) {
    body.too_large = true;
    return 0;
  }
  body.bytes.append(data, length);
  return length;
}

std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* user) {
  auto& headers = *static_cast<std::vector<std::pair<std::string, std::string>>*>(user);
  const absl::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (colon != absl::string_view::npos) {
    headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                         std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return size * count;
}

// What libcurl says. It quotes a proxy's address that it cannot use, with the password in it.
std::string DetailOf(CURLcode code, const char* detail) {
  std::string text = *detail != '\0' ? detail : curl_easy_strerror(code);
  const std::size_t begin = text.find('\''), end = text.rfind('\'');
  if (text.find(" proxy") < begin && begin < end) text.replace(begin, end + 1 - begin, "https_proxy");
  return text;
}

absl::Status StatusOfCurl(CURLcode code, const Request& request, const char* detail) {
  const std::string where = WithoutSecrets(request.url);
  const std::string text = DetailOf(code, detail);
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
      return absl::UnavailableError(absl::StrCat("cannot reach ", where, ": ", text));
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(
          absl::StrCat("no answer from ", where, " in ", absl::FormatDuration(request.timeout), ": ", text));
    case CURLE_PEER_FAILED_VERIFICATION:
      return absl::FailedPreconditionError(
          absl::StrCat("certificate of ", where, " is not trusted: ", text,
                       "; name the file of its certificate authority with --ca-file or CURL_CA_BUNDLE"));
    case CURLE_SSL_CACERT_BADFILE:
      return absl::FailedPreconditionError(
          absl::StrCat("cannot use the file of certificate authorities: ", text));
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (absl::StrContains(text, "HTTP/0.9")) {
        return absl::UnavailableError(absl::StrCat(
            "cannot reach ", where, ": what answers there is no HTTP server; is the port right?"));
      }
      [[fallthrough]];
    case CURLE_URL_MALFORMAT:
      return absl::InvalidArgumentError(absl::StrCat("not a usable address: ", where, ": ", text));
    default:
      return absl::AbortedError(absl::StrCat("exchange with ", where, " broke: ", text));
  }
}

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(CurlOptions options) : options_(std::move(options)) {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)initialised;
    curl_ = curl_easy_init();
  }
  ~CurlTransport() override { curl_easy_cleanup(curl_); }

  absl::StatusOr<Response> Perform(const Request& request) override {
    absl::MutexLock lock(&mutex_);
    if (curl_ == nullptr) return absl::ResourceExhaustedError("libcurl gave no handle");
    curl_easy_reset(curl_);  // Keeps connections, sessions and the DNS cache.
    char detail[CURL_ERROR_SIZE] = "";
    ReceivedBody body;
    Response response;
    curl_slist* headers = SetOptions(request, detail, body, response);
    const CURLcode code = curl_easy_perform(curl_);
    curl_slist_free_all(headers);
    if (body.too_large) {
      return absl::ResourceExhaustedError(
          absl::StrCat("answer is larger than the limit of ", kResponseBytesMax, " bytes"));
    }
    if (code != CURLE_OK) return StatusOfCurl(code, request, detail);
    long http_code = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &http_code);
    response.code = static_cast<int>(http_code);
    response.body = std::move(body.bytes);
    return response;
  }

 private:
  curl_slist* SetOptions(const Request& request, char* detail, ReceivedBody& body, Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    curl_slist* headers = curl_slist_append(nullptr, "Expect:");  // No 100-continue round trip.
    for (const auto& [name, value] : request.headers) {
      headers = curl_slist_append(headers, absl::StrCat(name, ": ", value).c_str());
    }
    curl_easy_setopt(curl_, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
        request.method == "PATCH") {
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, request.body.c_str());
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, TakeBody);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, TakeHeader);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &response.headers);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(absl::ToInt64Milliseconds(request.timeout)));
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(absl::ToInt64Milliseconds(options_.connect_timeout)));
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);  // Timeouts without SIGALRM: the program has threads.
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    if (options_.ignore_proxy || request.ignore_proxy) curl_easy_setopt(curl_, CURLOPT_NOPROXY, "*");
    if (!options_.ca_file.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, options_.ca_file.c_str());
    return headers;
  }

  const CurlOptions options_;
  absl::Mutex mutex_;
  CURL* curl_ = nullptr;
};

}  // namespace

std::unique_ptr<Transport> MakeCurlTransport(CurlOptions options) {
  return std::make_unique<CurlTransport>(std::move(options));
}

std::string WithoutSecrets(std::string_view url) {
  std::string out(url.substr(0, url.find_first_of("?#")));
  const std::size_t scheme_end = out.find("://");
  const std::size_t host = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  const std::size_t at = out.substr(0, out.find('/', host)).rfind('@');
  if (at != std::string::npos && at >= host) out.erase(host, at + 1 - host);
  return out;
}

std::string UrlEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || std::strchr("-._~", c) != nullptr) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

}  // namespace bqcdc::http
