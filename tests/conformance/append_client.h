#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "tests/conformance/row_message.h"

// A plain client of AppendRows on protobuf's own reflection: it shares no code with bqcdc's writer.
namespace bqcdc::conformance {

namespace storage = google::cloud::bigquery::storage::v1;

// How `x-goog-request-params` names what a call is for. The service needs it outside of the US.
enum class Routing {
  kEncoded,  // percent-encoded, as Google's clients write it
  kRaw,
  kNone,
};

// Adds the header, `key` = `name`.
void SetRouting(grpc::ClientContext& context, Routing routing, const std::string& key,
                const std::string& name);

// One AppendRows connection. Not thread-safe.
class AppendClient {
 public:
  struct Target {
    std::string table;   // projects/…/tables/…
    std::string stream;  // name of a created stream; empty: the default stream
    Routing routing = Routing::kEncoded;
  };
  // `columns`: as RowMessage takes them.
  static absl::StatusOr<std::unique_ptr<AppendClient>> Open(storage::BigQueryWrite::Stub& stub,
                                                            const Target& target,
                                                            const std::vector<std::string>& columns);
  ~AppendClient();

  // The next request has another writer schema.
  absl::Status ChangeColumns(const std::vector<std::string>& columns);

  struct Options {
    std::map<std::string, std::string> missing;  // column → NULL_VALUE or DEFAULT_VALUE
    std::string default_missing;
    std::optional<int64_t> offset;
    std::string table;  // to its default stream instead; projects/…/tables/…
  };
  // Sends one request of these JSON objects and waits for its answer; an error status is one that ended the
  // RPC.
  absl::StatusOr<storage::AppendRowsResponse> Append(const std::vector<std::string>& json_rows,
                                                     const Options& options);

 private:
  AppendClient() = default;

  storage::BigQueryWrite::Stub* stub_ = nullptr;
  std::string table_, stream_name_;
  std::unique_ptr<RowMessage> message_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<storage::AppendRowsRequest, storage::AppendRowsResponse>> rpc_;
  std::set<std::string> destinations_;  // that know the writer schema
  bool several_ = false;                // destinations; each request names its own
};

absl::Status FromGrpc(const grpc::Status& status);
// The bytes of `grpc-status-details-bin` of such a status; empty: there were none.
std::string DetailsOf(const absl::Status& status);

// The table's columns as the Storage Write API knows them.
absl::StatusOr<storage::TableSchema> FetchSchema(storage::BigQueryWrite::Stub& stub,
                                                 const std::string& table);

// All columns of the table followed by both pseudo-columns.
absl::StatusOr<std::vector<std::string>> AllColumns(storage::BigQueryWrite::Stub& stub,
                                                    const std::string& table);

}  // namespace bqcdc::conformance
