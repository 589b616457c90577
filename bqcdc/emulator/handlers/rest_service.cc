#include "bqcdc/emulator/handlers/rest_service.h"

#include <optional>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/handlers/dispatcher.h"
#include "bqcdc/emulator/handlers/gzip.h"
#include "bqcdc/emulator/handlers/rest_error.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "httplib.h"

namespace bqcdc::emulator::handlers {
namespace {

using HandlerResponse = httplib::Server::HandlerResponse;

void Send(const RestResponse& from, httplib::Response& to) {
  to.status = from.status;
  if (!from.etag.empty()) to.set_header("ETag", from.etag);
  // RFC 9110 wants it with every 401.
  if (from.status == 401) to.set_header("WWW-Authenticate", "Bearer realm=\"https://accounts.google.com/\"");
  if (!from.body.empty()) to.set_content(from.body, "application/json; charset=UTF-8");
}

// The library compresses by the content type, and does not know ours.
void Compress(const httplib::Request& request, httplib::Response& response) {
  if (response.body.size() < kGzipBytesMin || !AcceptsGzip(request.get_header_value("Accept-Encoding")))
    return;
  auto packed = Gzip(response.body);
  if (!packed) return;
  response.body = *std::move(packed);
  response.set_header("Content-Encoding", "gzip");
  response.set_header("Vary", "Accept-Encoding");
}

RestRequest Translate(const httplib::Request& from, std::string body, bool tls) {
  RestRequest to;
  if (tls) to.scheme = "https";
  // Clients behind proxies that know GET and POST alone
  // (https://cloud.google.com/apis/docs/system-parameters).
  to.method = from.has_header("X-HTTP-Method-Override") && from.method == "POST"
                  ? from.get_header_value("X-HTTP-Method-Override")
                  : from.method;
  to.path = from.target.substr(0, from.target.find('?'));
  to.query.insert(from.params.begin(), from.params.end());
  to.body = std::move(body);
  to.content_type = from.get_header_value("Content-Type");
  if (from.has_header("If-Match")) to.if_match = from.get_header_value("If-Match");
  if (from.has_header("If-None-Match")) to.if_none_match = from.get_header_value("If-None-Match");
  to.host = from.get_header_value("Host");
  return to;
}

bool HasBody(const httplib::Request& request) {
  if (request.has_header("Transfer-Encoding")) return true;
  return request.has_header("Content-Length") && request.get_header_value("Content-Length") != "0";
}

// The library hands on a body in an encoding that it does not know as it came, and knows one too many.
bool CanDecode(const httplib::Request& request) {
  const std::string encoding = request.get_header_value("Content-Encoding");
  // Brotli has no bound to what a byte may become, and no client of the API sends it.
  return encoding.empty() || encoding == "identity" || encoding == "gzip" || encoding == "deflate";
}

// A browser says where a page comes from when it sends anything but a plain GET; only pages of our own may.
bool IsForeignOrigin(const httplib::Request& request) {
  if (!request.has_header("Origin")) return false;
  const std::string origin = request.get_header_value("Origin");
  const size_t scheme_end = origin.find("//");
  return scheme_end == std::string::npos || origin.substr(scheme_end + 2) != request.get_header_value("Host");
}

// What clients read before they have a token: where the server is and what it speaks.
bool IsDescription(const httplib::Request& request) {
  if (request.method != "GET") return false;
  return request.path == "/bqcdc/v1/endpoints" || request.path.find("/discovery/") == 0 ||
         request.path.find("/$discovery/") == 0;
}

// Why a request is not served whatever it asks for.
std::optional<RestResponse> Refusal(const RestContext::State& state, const httplib::Request& request) {
  const auto& host_allowed = state.options.host_allowed;
  if (host_allowed && !host_allowed(request.get_header_value("Host"))) {
    return HttpErrorResponse(403, "forbidden", "This Host header is not served");
  }
  if (IsForeignOrigin(request))
    return HttpErrorResponse(403, "forbidden", "Requests of web pages are not served");
  if (!IsDescription(request)) {
    const std::string authorization = request.get_header_value("Authorization");
    const absl::Status refusal = state.options.bearer_tokens.Check(authorization);
    if (!refusal.ok()) return UnauthenticatedResponse(refusal, !authorization.empty());
  }
  if (!CanDecode(request)) {
    return HttpErrorResponse(415, "unsupportedMediaType", "The request's Content-Encoding is not supported");
  }
  if (request.is_multipart_form_data()) {
    return HttpErrorResponse(415, "unsupportedMediaType", "Bodies must be application/json");
  }
  return std::nullopt;
}

void Answer(RestContext::State& state, const httplib::Request& request, std::string body,
            httplib::Response& response) {
  const std::optional<RestResponse> refusal = Refusal(state, request);
  if (!refusal && state.options.endpoints && request.method == "GET" &&
      request.path == "/bqcdc/v1/endpoints") {
    response.set_content(state.options.endpoints(), "application/json; charset=UTF-8");
    return;
  }
  Send(refusal ? *refusal : Dispatch(state, Translate(request, std::move(body), state.options.tls)),
       response);
  Compress(request, response);
}

// Answers a request without a body before the library would read one: where a POST or DELETE has no
// Content-Length it waits for the end of the connection.
HandlerResponse HandleEarly(RestContext::State& state, const httplib::Request& request,
                            httplib::Response& response) {
  if (HasBody(request)) return HandlerResponse::Unhandled;
  Answer(state, request, "", response);
  return HandlerResponse::Handled;
}

// Reads the body of a request that is refused: left in the connection, it would be taken for the next
// request.
void DiscardBody(const httplib::Request& request, const httplib::ContentReader& read) {
  const auto discard = [](const char*, size_t) { return true; };
  if (request.is_multipart_form_data()) {
    read([](const httplib::MultipartFormData&) { return true; }, discard);
  } else {
    read(discard);
  }
}

// Reads a POST's, PUT's or PATCH's body, which the library has decompressed, up to the limit.
void HandleWithBody(RestContext::State& state, const httplib::Request& request, httplib::Response& response,
                    const httplib::ContentReader& read) {
  if (const std::optional<RestResponse> refusal = Refusal(state, request)) {
    DiscardBody(request, read);
    Send(*refusal, response);
    return;
  }
  std::string body;
  bool too_large = false;
  read([&](const char* data, size_t size) {
    too_large = body.size() + size > state.options.request_bytes_max;
    if (!too_large) body.append(data, size);
    return !too_large;
  });
  if (too_large) response.status = 413;
  if (response.status >= 400) return;  // the error handler gives it a body
  Answer(state, request, std::move(body), response);
}

// Gives the library's own failures (bad request line, 413, 415) Google's form.
void FillError(const RestContext::State& state, httplib::Response& response) {
  if (!response.body.empty()) return;
  switch (response.status) {
    case 413:
      Send(HttpErrorResponse(
               413, "uploadTooLarge",
               base::StrCat("The request's body is larger than ", state.options.request_bytes_max, " bytes")),
           response);
      return;
    case 415:
      Send(HttpErrorResponse(415, "unsupportedMediaType", "The request's Content-Encoding is not supported"),
           response);
      return;
    case 404:
      Send(HttpErrorResponse(404, "notFound", "No method of this API"), response);
      return;
    default:
      Send(HttpErrorResponse(response.status, "badRequest", "The request cannot be read"), response);
      return;
  }
}

}  // namespace

RestContext::RestContext(engine::Database& database, const base::Clock& clock, QueryFunction run_query,
                         RestOptions options)
    : state_(new State{
          database, clock, std::move(run_query), std::move(options), {}, {}, {}, JobTimeouts(clock), {}}) {
  AddProjectRoutes(*state_);
  AddDatasetRoutes(*state_);
  AddTableRoutes(*state_);
  AddTabledataRoutes(*state_);
  AddInsertAllRoute(*state_);
  AddJobRoutes(*state_);
  AddQueryRoutes(*state_);
  AddUnimplementedRoutes(*state_);
  AddDiscoveryRoutes(*state_);
}

RestContext::~RestContext() {
  // Whoever asked has gone; a statement that changes rows is not torn apart, it has changed all or nothing.
  state_->jobs.CancelAll(state_->NowMs());
}

void RegisterRest(httplib::Server& server, RestContext& context) {
  RestContext::State& state = context.state();
  server.set_payload_max_length(state.options.request_bytes_max);
  server.set_pre_routing_handler([&state](const httplib::Request& request, httplib::Response& response) {
    return HandleEarly(state, request, response);
  });
  const auto with_body = [&state](const httplib::Request& request, httplib::Response& response,
                                  const httplib::ContentReader& read) {
    HandleWithBody(state, request, response, read);
  };
  const auto without_body = [&state](const httplib::Request& request, httplib::Response& response) {
    Answer(state, request, "", response);
  };
  server.Post(".*", with_body).Put(".*", with_body).Patch(".*", with_body);
  server.Get(".*", without_body).Delete(".*", without_body).Options(".*", without_body);
  // As a HandlerWithResponse: the library has two overloads.
  const httplib::Server::HandlerWithResponse fill_error = [&state](const httplib::Request&,
                                                                   httplib::Response& response) {
    FillError(state, response);
    return HandlerResponse::Handled;
  };
  server.set_error_handler(fill_error);
  server.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
    Send(HttpErrorResponse(500, "internalError", "An internal error occurred"), response);
  });
}

}  // namespace bqcdc::emulator::handlers
