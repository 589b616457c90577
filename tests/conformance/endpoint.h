#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/http/transport.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"

namespace bqcdc::conformance {

// Where cases run: a local server, or the real service where someone gives credentials.
struct EndpointAddresses {
  std::string rest;  // http://127.0.0.1:9050
  // Opens a connection to the Storage API; empty: plaintext to storage_target.
  std::function<absl::StatusOr<std::shared_ptr<grpc::Channel>>()> open_storage;
  std::string storage_target;  // 127.0.0.1:9060
  std::string admin;           // http://…; empty: the endpoint's clock cannot be driven
  std::function<absl::StatusOr<std::string>()> token;  // for REST; empty, or an empty text: none
  std::string project = "conformance";
  std::string dataset = "conformance";
  std::string location;     // of a dataset that is made; empty: the service's choice
  absl::Duration wait_max;  // what a case may wait where the clock cannot be driven
  bool costly = false;      // cases may take what others need
};

// What a statement answered: rows as compact JSON arrays of REST's text values, or the service's error.
struct SqlAnswer {
  std::vector<std::string> rows;
  std::string error_reason;  // empty: it succeeded
  std::string error_message;
};

// What a REST method answered.
struct RestAnswer {
  std::string body;          // JSON
  std::string error_reason;  // empty: it succeeded
  std::string error_message;
};

class Endpoint {
 public:
  static absl::StatusOr<std::unique_ptr<Endpoint>> Connect(EndpointAddresses addresses);

  absl::StatusOr<SqlAnswer> Query(const std::string& sql);
  // A method of REST v2; `path` begins after projects/{project}/.
  absl::StatusOr<RestAnswer> Rest(const std::string& method, const std::string& path,
                                  const std::string& body);
  // POST of the local server's admin endpoint.
  absl::Status Admin(const std::string& path, const std::string& json_body);

  // A connection besides that of stub().
  absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenStorage() const;

  google::cloud::bigquery::storage::v1::BigQueryWrite::Stub& stub() { return *stub_; }
  const EndpointAddresses& addresses() const { return addresses_; }

 private:
  explicit Endpoint(EndpointAddresses addresses);

  absl::StatusOr<http::Response> Call(const std::string& method, const std::string& url,
                                      const std::string& body);

  EndpointAddresses addresses_;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<google::cloud::bigquery::storage::v1::BigQueryWrite::Stub> stub_;
};

}  // namespace bqcdc::conformance
