#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/credentials/token_source.h"
#include "bqcdc/http/transport.h"
#include "bqcdc/rest/query_result.h"
#include "bqcdc/rest/table_name.h"
#include "bqcdc/rest/table_resource.h"

namespace bqcdc::rest {

struct BigQueryClientOptions {
  // Behaviour.
  std::string base_url = "https://bigquery.googleapis.com";  // without /bigquery/v2
  std::string project;                                       // bills queries and owns their jobs
  std::string location;       // of new datasets and of queries; empty = the service decides
  std::string quota_project;  // x-goog-user-project; empty = none
  // Patience.
  absl::Duration request_timeout = absl::Seconds(60);
  int attempts_max = 5;                                  // of one request whose error may pass
  absl::Duration pause_first = absl::Milliseconds(200);  // doubles, shortened at random by up to half
  absl::Duration pause_max = absl::Seconds(20);
  absl::Duration query_time_max = absl::Hours(6);  // the service's own limit of a query
};

// The part of the REST API v2 that the commands need. Thread-safe. Errors are the service's, with their
// reason (service_error.h); requests whose error may pass are repeated.
class BigQueryClient {
 public:
  // All must outlive the client.
  BigQueryClient(BigQueryClientOptions options, http::Transport& transport, credentials::TokenSource& tokens,
                 const base::Clock& clock);

  // NotFound where there is none.
  absl::Status GetDataset(std::string_view project, std::string_view dataset) const;
  absl::Status InsertDataset(std::string_view project, std::string_view dataset) const;
  absl::StatusOr<TableResource> GetTable(const TableName& name) const;

  // Sets labels of a table if its etag is still `etag`; FailedPrecondition where it is not. Other labels
  // stay.
  absl::StatusOr<TableResource> SetTableLabels(const TableName& name,
                                               const std::map<std::string, std::string>& labels,
                                               std::string_view etag) const;

  // Replaces the fields of a table's schema (a JSON array, as TableResource::schema_fields) if its etag is
  // still `etag`; FailedPrecondition where it is not. The service takes added fields and relaxed modes.
  absl::Status SetTableFields(const TableName& name, const std::string& schema_fields,
                              std::string_view etag) const;

  // Which of these permissions the caller has on the table. Unimplemented where the server does not tell.
  absl::StatusOr<std::vector<std::string>> TestTablePermissions(
      const TableName& name, const std::vector<std::string>& permissions) const;

  // Runs GoogleSQL, waits for the end and hands over the result page by page (at least one page, perhaps
  // without rows). A status of `on_page` ends it.
  absl::Status Query(std::string_view sql,
                     const std::function<absl::Status(const QueryPage&)>& on_page) const;

  // The same for small results: all rows together.
  absl::StatusOr<QueryPage> QueryAll(std::string_view sql) const;

 private:
  // A request of the API; `repeatable` = a second run does no harm.
  absl::StatusOr<std::string> Call(std::string_view method, std::string_view path, const std::string& body,
                                   bool repeatable, std::string_view etag = {}) const;
  absl::StatusOr<QueryPage> StartQuery(std::string_view sql) const;
  absl::StatusOr<QueryPage> NextPage(const QueryPage& page) const;
  void Pause(int attempt) const;

  const BigQueryClientOptions options_;
  http::Transport& transport_;
  credentials::TokenSource& tokens_;
  const base::Clock& clock_;
};

}  // namespace bqcdc::rest
