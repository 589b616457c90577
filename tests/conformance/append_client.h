#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"

// A plain client of AppendRows on protobuf's own reflection: it shares no code with bqcdc's writer.
namespace bqcdc::conformance {

namespace storage = google::cloud::bigquery::storage::v1;

// One AppendRows connection to a stream. Not thread-safe.
class AppendClient {
 public:
  // `columns`: "name" or "name:TYPE"; the type is that of the table's column, else STRING. `stream`: the name
  // of a created stream; empty: the default stream.
  static absl::StatusOr<std::unique_ptr<AppendClient>> Open(storage::BigQueryWrite::Stub& stub,
                                                            const std::string& table,
                                                            const std::vector<std::string>& columns,
                                                            const std::string& stream = "");
  ~AppendClient();

  struct Options {
    std::map<std::string, std::string> missing;  // column → NULL_VALUE or DEFAULT_VALUE
    std::string default_missing;
    std::optional<int64_t> offset;
  };
  // Sends one request of these JSON objects and waits for its answer; an error status is one that ended the
  // RPC.
  absl::StatusOr<storage::AppendRowsResponse> Append(const std::vector<std::string>& json_rows,
                                                     const Options& options);

 private:
  AppendClient() = default;

  std::string stream_name_;
  google::protobuf::DescriptorProto schema_;
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_{&pool_};
  const google::protobuf::Descriptor* descriptor_ = nullptr;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<storage::AppendRowsRequest, storage::AppendRowsResponse>> rpc_;
  bool schema_sent_ = false;
};

// The bytes of `grpc-status-details-bin` of a status that ended a call; empty: there were none.
std::string DetailsOf(const absl::Status& status);

// All columns of the table followed by both pseudo-columns.
absl::StatusOr<std::vector<std::string>> AllColumns(storage::BigQueryWrite::Stub& stub,
                                                    const std::string& table);

}  // namespace bqcdc::conformance
