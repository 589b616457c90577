#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"

// Load for the fault tests, made with the generated client: it shares no code with bqcdc's writer or server.
namespace bqcdc::faults {

namespace v1 = google::cloud::bigquery::storage::v1;

struct LoadRow {
  int64_t id = 0;
  int64_t value = 0;
  std::string text;  // not UTF-8 makes a bad row
  std::string change_type = {};
  std::string sequence = {};
};

// Of project `p`, dataset `d`.
std::string TablePath(const std::string& table);
std::string DefaultStreamOf(const std::string& table);

// One AppendRows connection to a stream; tables have the columns `id INT64, value INT64, text STRING`. Not
// thread-safe, except that one thread may send while another receives.
class AppendConnection {
 public:
  AppendConnection(v1::BigQueryWrite::Stub& stub, const std::string& stream, bool keyed);
  ~AppendConnection();

  bool Send(const std::vector<LoadRow>& rows, std::optional<int64_t> offset = std::nullopt);
  // False: the RPC is over.
  bool Receive(v1::AppendRowsResponse* response);

 private:
  v1::AppendRowsRequest first_;
  bool started_ = false;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::AppendRowsRequest, v1::AppendRowsResponse>> stream_;
};

std::unique_ptr<v1::BigQueryWrite::Stub> MakeStub(const std::string& address);

}  // namespace bqcdc::faults
