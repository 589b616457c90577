#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/column_selection.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/page_token.h"
#include "bqcdc/emulator/handlers/query_jobs.h"
#include "bqcdc/emulator/handlers/query_request.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "bqcdc/emulator/handlers/result_page.h"
#include "bqcdc/schema/schema_json.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

// `timeoutMs` (https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query#QueryRequest).
constexpr int64_t kTimeoutMsDefault = 10'000;
constexpr int64_t kTimeoutMsMax = 200'000;
constexpr size_t kRequestIdBytesMax = 36;

absl::Duration WaitTime(std::optional<int64_t> timeout_ms) {
  return absl::Milliseconds(std::clamp<int64_t>(timeout_ms.value_or(kTimeoutMsDefault), 0, kTimeoutMsMax));
}

// Where in a job's rows an answer begins and how many it may hold.
struct ResultRange {
  int64_t first = 0;
  std::optional<int64_t> count;
  convert::TimestampFormat timestamps = convert::TimestampFormat::kFloat64;
};

// Fields that jobs.query and jobs.getQueryResults have in common. REQUIRES: the job is done and OK.
RestResponse ResultAnswer(const Job& job, const ResultRange& range, json head) {
  const sql::QueryOutcome& outcome = job.outcome();
  head["jobReference"] = JobReferenceToJson(job.spec);
  head["jobComplete"] = true;
  head["schema"] = outcome.columns.empty() ? json::object() : schema::SchemaToJson(outcome.columns);
  head["totalRows"] = std::to_string(outcome.row_count);
  head["totalBytesProcessed"] = "0";
  head["cacheHit"] = false;
  if (outcome.dml_counts) head["numDmlAffectedRows"] = std::to_string(outcome.dml_counts->total());
  const convert::JsonRowWriter writer(outcome.columns, convert::SelectAll(outcome.columns), range.timestamps);
  RowPage page = RenderPage(outcome.chunks, writer, range.first, range.count.value_or(outcome.row_count));
  if (page.next_row < outcome.row_count)
    head["pageToken"] = MakeRowToken(ResultListing(job.spec), page.next_row);
  return ResponseWithRows(head, std::move(page.rows_json));
}

RestResponse UnfinishedAnswer(const Job& job, json head) {
  head["jobReference"] = JobReferenceToJson(job.spec);
  head["jobComplete"] = false;
  return JsonResponse(head);
}

// The key under which a repeated jobs.query finds the first one's job: `requestId` and all that affects the
// result; not how long to wait or how to show it.
absl::StatusOr<std::string> RequestKey(const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const auto request_id, convert::StringField(call.body(), "requestId"));
  if (!request_id || request_id->empty()) return std::string();
  if (request_id->size() > kRequestIdBytesMax) {
    return errors::WithLocation(errors::Invalid("requestId must have at most 36 characters"), "requestId");
  }
  json body = call.body();
  for (const char* name : {"timeoutMs", "maxResults", "formatOptions"}) body.erase(name);
  return base::StrCat(call.Path("projectId"), "\n",
                      body.dump(-1, ' ', false, json::error_handler_t::replace));
}

// What the job's resource shows of a jobs.query.
json ConfigurationOf(const json& body) {
  json configuration = {{"useLegacySql", false}, {"priority", "INTERACTIVE"}};
  for (const char* name : {"query", "defaultDataset", "parameterMode", "queryParameters", "useQueryCache",
                           "maximumBytesBilled"}) {
    if (const json* value = convert::FindField(body, name)) configuration[name] = *value;
  }
  return configuration;
}

absl::StatusOr<RestResponse> DryRun(RestContext::State& state, sql::QueryRequest query) {
  query.dry_run = true;
  BQCDC_ASSIGN_OR_RETURN(const sql::QueryOutcome outcome, state.run_query(query));
  return JsonResponse({{"kind", "bigquery#queryResponse"},
                       {"jobReference", {{"projectId", query.project}, {"location", query.location}}},
                       {"jobComplete", true},
                       {"schema", schema::SchemaToJson(outcome.columns)},
                       {"totalRows", "0"},
                       {"totalBytesProcessed", "0"},
                       {"totalBytesBilled", "0"},
                       {"cacheHit", false},
                       {"location", query.location}});
}

absl::StatusOr<RestResponse> Query(RestContext::State& state, const MethodCall& call) {
  const json& body = call.body();
  QueryJobRequest request;
  request.project = call.Path("projectId");
  BQCDC_ASSIGN_OR_RETURN(const auto location, convert::StringField(body, "location"));
  BQCDC_ASSIGN_OR_RETURN(request.query, QueryRequestFromJson(body, request.project, location));
  request.location = request.query.location;
  ResultRange range;
  BQCDC_ASSIGN_OR_RETURN(range.timestamps, TimestampFormatOf(body));
  BQCDC_ASSIGN_OR_RETURN(range.count, convert::Int64Field(body, "maxResults"));
  if (range.count.value_or(0) < 0) {
    return errors::WithLocation(errors::Invalid("maxResults must not be negative"), "maxResults");
  }
  BQCDC_ASSIGN_OR_RETURN(const auto timeout_ms, convert::Int64Field(body, "timeoutMs"));
  BQCDC_ASSIGN_OR_RETURN(const auto dry_run, convert::BoolField(body, "dryRun"));
  if (dry_run.value_or(false)) return DryRun(state, std::move(request.query));
  BQCDC_ASSIGN_OR_RETURN(request.request_key, RequestKey(call));
  BQCDC_RETURN_IF_ERROR(convert::MergeLabels(body, &request.labels));
  BQCDC_ASSIGN_OR_RETURN(request.timeout_ms, ReadJobTimeout(body));
  json configuration = ConfigurationOf(body);
  request.query_configuration = &configuration;
  BQCDC_ASSIGN_OR_RETURN(const std::shared_ptr<Job> job, StartQueryJob(state, std::move(request)));
  json head = {{"kind", "bigquery#queryResponse"}};
  if (!job->AwaitDone(WaitTime(timeout_ms))) return UnfinishedAnswer(*job, std::move(head));
  BQCDC_RETURN_IF_ERROR(job->status());
  head["queryId"] = job->spec.id;
  head["jobCreationReason"] = {{"code", "REQUESTED"}};
  head["totalBytesBilled"] = "0";
  head["location"] = job->spec.location;
  head["creationTime"] = std::to_string(job->spec.creation_time_ms);
  head["startTime"] = std::to_string(job->start_time_ms());
  head["endTime"] = std::to_string(job->end_time_ms());
  return ResultAnswer(*job, range, std::move(head));
}

absl::StatusOr<RestResponse> GetQueryResults(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const std::shared_ptr<Job> job,
                         FindJob(state, call.Path("projectId"), call.Path("jobId"), call.Query("location")));
  ResultRange range;
  BQCDC_ASSIGN_OR_RETURN(const auto start_index, call.QueryCount("startIndex"));
  range.first = start_index.value_or(0);
  if (const auto token = call.Query("pageToken")) {
    BQCDC_ASSIGN_OR_RETURN(range.first, ParseRowToken(ResultListing(job->spec), *token));
  }
  BQCDC_ASSIGN_OR_RETURN(range.count, call.QueryCount("maxResults"));
  BQCDC_ASSIGN_OR_RETURN(range.timestamps, TimestampFormatOf(call));
  BQCDC_ASSIGN_OR_RETURN(const auto timeout_ms, call.QueryInt64("timeoutMs"));
  json head = {{"kind", "bigquery#getQueryResultsResponse"}};
  if (!job->AwaitDone(WaitTime(timeout_ms))) return UnfinishedAnswer(*job, std::move(head));
  BQCDC_RETURN_IF_ERROR(job->status());
  // The rows of a job never change, so where the page lies and how it is written tells one from another.
  head["etag"] = TextHash(base::StrCat(ResultListing(job->spec), " ", range.first, " ",
                                       range.count.value_or(-1), " ", static_cast<int>(range.timestamps)));
  return ResultAnswer(*job, range, std::move(head));
}

}  // namespace

void AddQueryRoutes(RestContext::State& state) {
  state.routes.Add({"jobs.query",
                    "POST",
                    "projects/{projectId}/queries",
                    {},
                    "QueryRequest",
                    "QueryResponse",
                    [&state](const MethodCall& call) { return Query(state, call); }});
  state.routes.Add({"jobs.getQueryResults",
                    "GET",
                    "projects/{projectId}/queries/{jobId}",
                    {{"startIndex"},
                     {"pageToken"},
                     {"maxResults", ParameterType::kInteger},
                     {"timeoutMs", ParameterType::kInteger},
                     {"location"},
                     {"formatOptions.useInt64Timestamp", ParameterType::kBoolean},
                     {"formatOptions.timestampOutputFormat"}},
                    "",
                    "GetQueryResultsResponse",
                    [&state](const MethodCall& call) { return GetQueryResults(state, call); }});
}

}  // namespace bqcdc::emulator::handlers
