#include "bqcdc/rest/bigquery_client.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/rest/service_error.h"

namespace bqcdc::rest {
namespace {

using base::StrCat;
using Json = nlohmann::json;

// How long one answer may be waited for: the service holds a query request at most about 200 s.
constexpr absl::Duration kQueryPoll = absl::Seconds(10);
// Attempts at a server that does not answer at all: a mistyped endpoint is to be told of soon.
constexpr int kSilentAttemptsMax = 3;
constexpr int kRowsPerPage = 50'000;

std::string DatasetPath(std::string_view project, std::string_view dataset) {
  return StrCat("/projects/", http::UrlEncode(project), "/datasets/", http::UrlEncode(dataset));
}

std::string TablePath(const TableName& name) {
  return StrCat(DatasetPath(name.project, name.dataset), "/tables/", http::UrlEncode(name.table));
}

// requestId makes a repeated jobs.query the same query (docs: REST jobs.query, requestId, at most 36
// characters).
std::string RequestId() {
  std::random_device random;
  std::string id = "bqcdc-";
  for (int i = 0; i < 3; ++i) absl::StrAppend(&id, absl::Hex(random(), absl::kZeroPad8));
  return id;
}

}  // namespace

BigQueryClient::BigQueryClient(BigQueryClientOptions options, http::Transport& transport,
                               credentials::TokenSource& tokens, const base::Clock& clock)
    : options_(std::move(options)), transport_(transport), tokens_(tokens), clock_(clock) {}

absl::Status BigQueryClient::GetDataset(std::string_view project, std::string_view dataset) const {
  return Call("GET", DatasetPath(project, dataset), "", true).status();
}

absl::Status BigQueryClient::InsertDataset(std::string_view project, std::string_view dataset) const {
  Json body = {
      {"datasetReference", {{"projectId", std::string(project)}, {"datasetId", std::string(dataset)}}}};
  if (!options_.location.empty()) body["location"] = options_.location;
  return Call("POST", StrCat("/projects/", http::UrlEncode(project), "/datasets"), body.dump(), false)
      .status();
}

absl::StatusOr<TableResource> BigQueryClient::GetTable(const TableName& name) const {
  BQCDC_ASSIGN_OR_RETURN(const std::string body, Call("GET", TablePath(name), "", true));
  return ParseTableResource(body);
}

absl::StatusOr<TableResource> BigQueryClient::SetTableLabels(const TableName& name,
                                                             const std::map<std::string, std::string>& labels,
                                                             std::string_view etag) const {
  const Json body = {{"labels", labels}};
  // Not repeatable after a lost answer: the etag would have moved by our own doing, and look like another's.
  BQCDC_ASSIGN_OR_RETURN(const std::string answer, Call("PATCH", TablePath(name), body.dump(), false, etag));
  return ParseTableResource(answer);
}

absl::Status BigQueryClient::SetTableFields(const TableName& name, const std::string& schema_fields,
                                            std::string_view etag) const {
  return Call("PATCH", TablePath(name), StrCat(R"({"schema":{"fields":)", schema_fields, "}}"), false, etag)
      .status();
}

absl::StatusOr<std::vector<std::string>> BigQueryClient::TestTablePermissions(
    const TableName& name, const std::vector<std::string>& permissions) const {
  const Json body = {{"permissions", permissions}};
  BQCDC_ASSIGN_OR_RETURN(const std::string answer,
                         Call("POST", StrCat(TablePath(name), ":testIamPermissions"), body.dump(), true));
  const Json parsed = Json::parse(answer, nullptr, false);
  if (!parsed.is_object())
    return absl::DataLossError("the answer of testIamPermissions is not a JSON object");
  std::vector<std::string> granted;
  // With no permission at all the member is left out.
  if (const auto list = parsed.find("permissions"); list != parsed.end() && list->is_array()) {
    for (const Json& permission : *list) {
      if (permission.is_string()) granted.push_back(permission.get<std::string>());
    }
  }
  return granted;
}

absl::Status BigQueryClient::Query(std::string_view sql,
                                   const std::function<absl::Status(const QueryPage&)>& on_page) const {
  const absl::Time deadline = clock_.Now() + options_.query_time_max;
  BQCDC_ASSIGN_OR_RETURN(QueryPage page, StartQuery(sql));
  while (!page.complete) {
    if (clock_.Now() > deadline)
      return absl::DeadlineExceededError(StrCat("query ", page.job_id, " does not end"));
    BQCDC_ASSIGN_OR_RETURN(page, NextPage(page));
  }
  for (;;) {
    BQCDC_RETURN_IF_ERROR(on_page(page));
    if (page.page_token.empty()) return absl::OkStatus();
    const std::vector<schema::Column> columns = std::move(page.columns);
    BQCDC_ASSIGN_OR_RETURN(page, NextPage(page));
    if (page.columns.empty()) page.columns = columns;
  }
}

absl::StatusOr<QueryPage> BigQueryClient::QueryAll(std::string_view sql) const {
  QueryPage all;
  BQCDC_RETURN_IF_ERROR(Query(sql, [&all](const QueryPage& page) {
    if (all.columns.empty()) all.columns = page.columns;
    all.rows.insert(all.rows.end(), page.rows.begin(), page.rows.end());
    if (page.affected_rows.has_value()) all.affected_rows = page.affected_rows;
    return absl::OkStatus();
  }));
  all.complete = true;
  return all;
}

absl::StatusOr<QueryPage> BigQueryClient::StartQuery(std::string_view sql) const {
  Json body = {{"query", std::string(sql)},
               {"useLegacySql", false},  // It defaults to true.
               {"timeoutMs", absl::ToInt64Milliseconds(kQueryPoll)},
               {"maxResults", kRowsPerPage},
               {"formatOptions", {{"useInt64Timestamp", true}}},
               {"requestId", RequestId()}};
  if (!options_.location.empty()) body["location"] = options_.location;
  BQCDC_ASSIGN_OR_RETURN(const std::string answer,
                         Call("POST", StrCat("/projects/", http::UrlEncode(options_.project), "/queries"),
                              body.dump(-1, ' ', false, Json::error_handler_t::replace), false));
  return ParseQueryPage(answer);
}

absl::StatusOr<QueryPage> BigQueryClient::NextPage(const QueryPage& page) const {
  if (page.job_id.empty()) return absl::DataLossError("query answer names no job to go on with");
  std::string path =
      StrCat("/projects/", http::UrlEncode(options_.project), "/queries/", http::UrlEncode(page.job_id),
             "?maxResults=", kRowsPerPage, "&timeoutMs=", absl::ToInt64Milliseconds(kQueryPoll),
             "&formatOptions.useInt64Timestamp=true");
  if (!page.location.empty()) base::StrAppend(&path, "&location=", http::UrlEncode(page.location));
  if (!page.page_token.empty()) base::StrAppend(&path, "&pageToken=", http::UrlEncode(page.page_token));
  BQCDC_ASSIGN_OR_RETURN(const std::string answer, Call("GET", path, "", true));
  BQCDC_ASSIGN_OR_RETURN(QueryPage next, ParseQueryPage(answer));
  next.job_id = page.job_id;
  if (next.location.empty()) next.location = page.location;
  return next;
}

absl::StatusOr<std::string> BigQueryClient::Call(std::string_view method, std::string_view path,
                                                 const std::string& body, bool repeatable,
                                                 std::string_view etag) const {
  http::Request request;
  request.method = std::string(method);
  request.url = StrCat(options_.base_url, "/bigquery/v2", path);
  request.body = body;
  request.timeout = options_.request_timeout;
  bool new_token_tried = false;
  for (int attempt = 1;; ++attempt) {
    const absl::StatusOr<std::string> token = tokens_.Token();
    if (!token.ok()) {
      // Nothing was sent, so a token endpoint's passing fault may be waited out.
      if (attempt >= std::min(options_.attempts_max, kSilentAttemptsMax) ||
          !IsRetryable(token.status(), true)) {
        return token.status();
      }
      Pause(attempt);
      continue;
    }
    request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "bqcdc"}};
    if (!token->empty()) request.headers.emplace_back("Authorization", StrCat("Bearer ", *token));
    if (!options_.quota_project.empty())
      request.headers.emplace_back("x-goog-user-project", options_.quota_project);
    if (!etag.empty()) request.headers.emplace_back("If-Match", std::string(etag));
    absl::StatusOr<http::Response> response = transport_.Perform(request);
    if (response.ok() && response->code < 400) return std::move(response->body);
    if (response.ok() && response->code == 401 && !token->empty() && !new_token_tried) {
      // Revoked or ended early; a refused request did nothing. Where there is no other token, the same is
      // refused again.
      new_token_tried = true;
      tokens_.Refused(*token);
      continue;
    }
    const absl::Status status = response.ok() ? StatusOfErrorResponse(*response) : response.status();
    const int attempts_max =
        response.ok() ? options_.attempts_max : std::min(options_.attempts_max, kSilentAttemptsMax);
    if (attempt >= attempts_max || !IsRetryable(status, repeatable)) return status;
    Pause(attempt);
  }
}

void BigQueryClient::Pause(int attempt) const {
  absl::Duration pause = options_.pause_first;
  for (int i = 1; i < attempt && pause < options_.pause_max; ++i) pause *= 2;
  std::minstd_rand random{std::random_device()()};
  pause = std::min(pause, options_.pause_max) * std::uniform_real_distribution<double>(0.5, 1.0)(random);
  absl::Mutex mutex;
  const bool never = false;
  absl::MutexLock lock(&mutex);
  clock_.AwaitWithDeadline(mutex, absl::Condition(&never), clock_.Now() + pause);
}

}  // namespace bqcdc::rest
