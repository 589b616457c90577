#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::handlers {

// One HTTP request, free of the HTTP library.
struct RestRequest {
  std::string method;  // GET, POST, ... after X-HTTP-Method-Override
  std::string path;    // as sent, still percent-encoded, without the query
  std::multimap<std::string, std::string> query;
  std::string body;
  std::string content_type;
  std::optional<std::string> if_match;       // header If-Match
  std::optional<std::string> if_none_match;  // header If-None-Match
  std::string scheme = "http";               // of the server: http or https
  std::string host;                          // header Host
};

// The answer; `body` is JSON text, empty for a 204.
struct RestResponse {
  int status = 200;
  std::string body;
  std::string etag;  // header ETag, unless empty
  // A page of rows as JSON text without the brackets around them, not yet in `body` (its field "rows").
  std::string rows_json = {};
};

// One call of an API method: the request, the names out of its path, the parsed body.
class MethodCall {
 public:
  MethodCall(const RestRequest& request, std::map<std::string, std::string, std::less<>> path,
             const nlohmann::json& body)
      : request_(request), path_(std::move(path)), body_(body) {}

  const RestRequest& request() const { return request_; }
  // An object, empty when the request has no body.
  const nlohmann::json& body() const { return body_; }
  // A name of the path's template, decoded. REQUIRES: the route has it.
  const std::string& Path(std::string_view name) const { return path_.find(name)->second; }

  // A query parameter; unset when absent or empty. The last of repeated ones counts.
  std::optional<std::string> Query(const std::string& name) const;
  // Errors: invalid, naming the parameter.
  absl::StatusOr<std::optional<int64_t>> QueryInt64(const std::string& name) const;
  // A count such as maxResults, 0 or more.
  absl::StatusOr<std::optional<int64_t>> QueryCount(const std::string& name) const;
  absl::StatusOr<bool> QueryBool(const std::string& name, bool otherwise) const;

 private:
  const RestRequest& request_;
  std::map<std::string, std::string, std::less<>> path_;
  const nlohmann::json& body_;
};

}  // namespace bqcdc::emulator::handlers
