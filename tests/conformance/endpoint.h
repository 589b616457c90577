#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/http/transport.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"

namespace bqcdc::conformance {

// Where cases run: a local server, or the real service where someone gives credentials.
struct EndpointAddresses {
  std::string rest;                        // http://127.0.0.1:9050
  std::shared_ptr<grpc::Channel> storage;  // null: plaintext to storage_target
  std::string storage_target;              // 127.0.0.1:9060
  std::string admin;                       // http://…; empty: the endpoint's clock cannot be driven
  std::function<absl::StatusOr<std::string>()> token;  // for REST; empty, or an empty text: none
  std::string project = "conformance";
  std::string dataset = "conformance";
};

// What a statement answered: rows as compact JSON arrays of REST's text values, or the service's error.
struct SqlAnswer {
  std::vector<std::string> rows;
  std::string error_reason;  // empty: it succeeded
  std::string error_message;
};

class Endpoint {
 public:
  explicit Endpoint(EndpointAddresses addresses);

  absl::StatusOr<SqlAnswer> Query(const std::string& sql);
  // POST of the local server's admin endpoint.
  absl::Status Admin(const std::string& path, const std::string& json_body);

  google::cloud::bigquery::storage::v1::BigQueryWrite::Stub& stub() { return *stub_; }
  const EndpointAddresses& addresses() const { return addresses_; }

 private:
  absl::StatusOr<http::Response> Post(const std::string& url, const std::string& body);

  EndpointAddresses addresses_;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<google::cloud::bigquery::storage::v1::BigQueryWrite::Stub> stub_;
};

}  // namespace bqcdc::conformance
