#include "tests/conformance/endpoint.h"

#include <grpcpp/grpcpp.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::conformance {
namespace {

using nlohmann::json;

// `{"v": …}` of REST, flattened: scalars stay text or null, records and arrays become arrays.
json Flatten(const json& value) {
  if (value.is_object() && value.contains("v")) return Flatten(value["v"]);
  if (value.is_object() && value.contains("f")) return Flatten(value["f"]);
  if (!value.is_array()) return value;
  json list = json::array();
  for (const json& element : value) list.push_back(Flatten(element));
  return list;
}

}  // namespace

Endpoint::Endpoint(EndpointAddresses addresses)
    : addresses_(std::move(addresses)), transport_(http::MakeCurlTransport()) {
  if (addresses_.storage == nullptr)
    addresses_.storage = grpc::CreateChannel(addresses_.storage_target, grpc::InsecureChannelCredentials());
  stub_ = google::cloud::bigquery::storage::v1::BigQueryWrite::NewStub(addresses_.storage);
}

absl::StatusOr<http::Response> Endpoint::Post(const std::string& url, const std::string& body) {
  http::Request request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/json"}};
  if (addresses_.token) {
    BQCDC_ASSIGN_OR_RETURN(const std::string token, addresses_.token());
    if (!token.empty()) request.headers.emplace_back("Authorization", absl::StrCat("Bearer ", token));
  }
  request.body = body;
  return transport_->Perform(request);
}

absl::StatusOr<SqlAnswer> Endpoint::Query(const std::string& sql) {
  const json body = {{"query", sql}, {"useLegacySql", false}, {"timeoutMs", 60'000}};
  BQCDC_ASSIGN_OR_RETURN(http::Response response, Post(absl::StrCat(addresses_.rest, "/bigquery/v2/projects/",
                                                                    addresses_.project, "/queries"),
                                                       body.dump()));
  const json parsed = json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded())
    return absl::InternalError(absl::StrCat("no JSON in the answer of HTTP ", response.code));
  SqlAnswer answer;
  if (parsed.contains("error")) {
    answer.error_message = parsed["error"].value("message", "");
    const json& errors = parsed["error"].contains("errors") ? parsed["error"]["errors"] : json::array();
    answer.error_reason = errors.empty() ? "unknown" : errors[0].value("reason", "unknown");
    return answer;
  }
  if (!parsed.value("jobComplete", false))
    return absl::DeadlineExceededError("the query did not finish in time");
  if (parsed.contains("rows")) {
    for (const json& row : parsed["rows"]) answer.rows.push_back(Flatten(row).dump());
  }
  return answer;
}

absl::Status Endpoint::Admin(const std::string& path, const std::string& json_body) {
  BQCDC_ASSIGN_OR_RETURN(http::Response response, Post(absl::StrCat(addresses_.admin, path), json_body));
  if (response.code == 200) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("admin ", path, ": HTTP ", response.code, " ", response.body));
}

}  // namespace bqcdc::conformance
