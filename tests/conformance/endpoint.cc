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
    : addresses_(std::move(addresses)), transport_(http::MakeCurlTransport()) {}

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Connect(EndpointAddresses addresses) {
  std::unique_ptr<Endpoint> endpoint(new Endpoint(std::move(addresses)));
  BQCDC_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, endpoint->OpenStorage());
  endpoint->stub_ = google::cloud::bigquery::storage::v1::BigQueryWrite::NewStub(channel);
  return endpoint;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Endpoint::OpenStorage() const {
  if (addresses_.open_storage) return addresses_.open_storage();
  grpc::ChannelArguments arguments;
  // Else all channels to one target are one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(addresses_.storage_target, grpc::InsecureChannelCredentials(), arguments);
}

absl::StatusOr<http::Response> Endpoint::Call(const std::string& method, const std::string& url,
                                              const std::string& body) {
  http::Request request;
  request.method = method;
  request.url = url;
  if (!body.empty()) request.headers = {{"Content-Type", "application/json"}};
  if (addresses_.token) {
    BQCDC_ASSIGN_OR_RETURN(const std::string token, addresses_.token());
    if (!token.empty()) request.headers.emplace_back("Authorization", absl::StrCat("Bearer ", token));
  }
  request.body = body;
  return transport_->Perform(request);
}

absl::StatusOr<RestAnswer> Endpoint::Rest(const std::string& method, const std::string& path,
                                          const std::string& body) {
  BQCDC_ASSIGN_OR_RETURN(
      http::Response response,
      Call(method, absl::StrCat(addresses_.rest, "/bigquery/v2/projects/", addresses_.project, "/", path),
           body));
  // A DELETE answers nothing.
  RestAnswer answer{
      .body = response.body.empty() ? "{}" : response.body, .error_reason = {}, .error_message = {}};
  const json parsed = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object())
    return absl::InternalError(absl::StrCat("no JSON in the answer of HTTP ", response.code));
  if (!parsed.contains("error")) return answer;
  answer.error_message = parsed["error"].value("message", "");
  const json& errors = parsed["error"].contains("errors") ? parsed["error"]["errors"] : json::array();
  answer.error_reason = errors.empty() ? "unknown" : errors[0].value("reason", "unknown");
  return answer;
}

absl::StatusOr<SqlAnswer> Endpoint::Query(const std::string& sql) {
  const json body = {{"query", sql}, {"useLegacySql", false}, {"timeoutMs", 60'000}};
  BQCDC_ASSIGN_OR_RETURN(const RestAnswer response, Rest("POST", "queries", body.dump()));
  SqlAnswer answer;
  answer.error_reason = response.error_reason;
  answer.error_message = response.error_message;
  if (!answer.error_reason.empty()) return answer;
  const json parsed = json::parse(response.body);
  if (!parsed.value("jobComplete", false))
    return absl::DeadlineExceededError("the query did not finish in time");
  if (parsed.contains("rows")) {
    for (const json& row : parsed["rows"]) answer.rows.push_back(Flatten(row).dump());
  }
  return answer;
}

absl::Status Endpoint::Admin(const std::string& path, const std::string& json_body) {
  BQCDC_ASSIGN_OR_RETURN(http::Response response,
                         Call("POST", absl::StrCat(addresses_.admin, path), json_body));
  if (response.code == 200) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("admin ", path, ": HTTP ", response.code, " ", response.body));
}

}  // namespace bqcdc::conformance
