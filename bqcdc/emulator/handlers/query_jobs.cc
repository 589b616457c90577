#include "bqcdc/emulator/handlers/query_jobs.h"

#include <algorithm>
#include <atomic>
#include <random>

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/convert/table_resource.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/page_token.h"
#include "bqcdc/emulator/handlers/rest_error.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "bqcdc/emulator/handlers/script_jobs.h"
#include "bqcdc/schema/schema_json.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

constexpr size_t kJobIdBytesMax = 1024;
// Hidden, as the service's: datasets whose names begin with '_' are in no list.
constexpr char kAnonymousDataset[] = "_query_results";
constexpr char kUserEmail[] = "anonymous@localhost";
// Whom the service names for its own jobs, and how it calls those that apply changes
// (https://cloud.google.com/bigquery/docs/change-data-capture#monitor_table_upsert_operation_progress).
constexpr char kServiceEmail[] = "bigquery-adminbot@system.gserviceaccount.com";
constexpr char kApplyJobPrefix[] = "queueworker_cdc_background_merge_coalesce_";

std::string MakeJobId() {
  static std::atomic<uint64_t> count = 0;
  static const uint64_t run = std::random_device()() * 0x9E3779B97F4A7C15u + std::random_device()();
  return base::StrCat("job_", TextHash(std::to_string(run)), TextHash(base::StrCat(run, ".", count++)));
}

bool IsJobId(std::string_view id) {
  if (id.size() > kJobIdBytesMax) return false;
  for (const char c : id) {
    const bool fits =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!fits) return false;
  }
  return true;
}

std::string JobName(const JobSpec& spec) {
  return base::StrCat(spec.project, ":", spec.location, ".", spec.id);
}

// Runs the query and ends the job with what came of it.
void RunJob(RestContext::State& state, const std::shared_ptr<Job>& job) {
  if (!job->Start(state.NowMs())) return;
  const JobTimeouts::Watch watch(state.timeouts, job);
  sql::QueryRequest request = job->spec.query;
  request.script_observer = std::make_shared<ScriptJobs>(state.jobs, state.clock, *job);
  absl::StatusOr<sql::QueryOutcome> outcome = state.run_query(request);
  job->Finish(std::move(outcome), state.NowMs(), kJobBytesMax);  // the time is that of the end
  state.jobs.Finished(*job, state.NowMs());
}

json StatusToJson(const Job& job, JobState state) {
  json status = {{"state", JobStateName(state)}};
  if (state == JobState::kDone && !job.status().ok()) {
    status["errorResult"] = ErrorProto(job.status());
    status["errors"] = json::array({status["errorResult"]});
  }
  return status;
}

// The counts that the kind of statement has.
json DmlStatsToJson(const sql::QueryOutcome& outcome) {
  const std::string& type = outcome.statement_type;
  const bool merge = type == "MERGE";
  json stats = json::object();
  if (merge || type == "INSERT") stats["insertedRowCount"] = std::to_string(outcome.dml_counts->inserted);
  if (merge || type == "UPDATE") stats["updatedRowCount"] = std::to_string(outcome.dml_counts->updated);
  if (merge || type == "DELETE" || type == "TRUNCATE_TABLE") {
    stats["deletedRowCount"] = std::to_string(outcome.dml_counts->deleted);
  }
  return stats;
}

json OutcomeStatistics(const sql::QueryOutcome& outcome) {
  json query = {{"statementType", outcome.statement_type},
                {"totalBytesProcessed", "0"},
                {"totalBytesBilled", "0"},
                {"cacheHit", false}};
  if (!outcome.ddl_operation.empty()) query["ddlOperationPerformed"] = outcome.ddl_operation;
  if (outcome.ddl_target_table)
    query["ddlTargetTable"] = convert::TableReferenceToJson(*outcome.ddl_target_table);
  if (outcome.ddl_target_dataset) {
    query["ddlTargetDataset"] = {{"projectId", outcome.ddl_target_dataset->project},
                                 {"datasetId", outcome.ddl_target_dataset->dataset}};
  }
  if (outcome.dml_counts) {
    query["numDmlAffectedRows"] = std::to_string(outcome.dml_counts->total());
    query["dmlStats"] = DmlStatsToJson(outcome);
  }
  return query;
}

// https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#scriptstatistics
json ScriptStatistics(const ScriptFrame& frame) {
  return {{"evaluationKind", "STATEMENT"},
          {"stackFrames", json::array({{{"startLine", frame.start_line},
                                        {"startColumn", frame.start_column},
                                        {"endLine", frame.end_line},
                                        {"endColumn", frame.end_column},
                                        {"text", frame.text}}})}};
}

json StatisticsToJson(const Job& job, JobState state, size_t child_count) {
  json statistics = {{"creationTime", std::to_string(job.spec.creation_time_ms)}};
  if (!job.spec.parent_id.empty()) statistics["parentJobId"] = job.spec.parent_id;
  if (job.spec.frame) statistics["scriptStatistics"] = ScriptStatistics(*job.spec.frame);
  if (child_count > 0) statistics["numChildJobs"] = std::to_string(child_count);
  if (state == JobState::kPending) return statistics;
  statistics["startTime"] = std::to_string(job.start_time_ms());
  if (state != JobState::kDone) return statistics;
  statistics["endTime"] = std::to_string(job.end_time_ms());
  statistics["totalBytesProcessed"] = "0";
  if (!job.status().ok()) return statistics;
  if (!job.is_script()) {
    statistics["query"] = OutcomeStatistics(job.outcome());
  } else {
    sql::QueryOutcome whole;
    whole.statement_type = "SCRIPT";
    statistics["query"] = OutcomeStatistics(whole);
  }
  return statistics;
}

// As far as can be said before the end.
bool HasRows(const Job& job, JobState state) {
  return state != JobState::kDone ||
         (job.status().ok() && !job.is_script() && job.outcome().statement_type == "SELECT");
}

json ConfigurationToJson(const Job& job, JobState state) {
  json query = json::parse(job.spec.configuration_json, nullptr, false);
  if (HasRows(job, state)) {
    query["destinationTable"] = convert::TableReferenceToJson(job.spec.destination);
    query["writeDisposition"] = "WRITE_TRUNCATE";
  }
  json configuration = {{"jobType", "QUERY"}, {"query", std::move(query)}};
  if (job.spec.timeout_ms) configuration["jobTimeoutMs"] = std::to_string(*job.spec.timeout_ms);
  if (!job.spec.labels.empty()) configuration["labels"] = job.spec.labels;
  return configuration;
}

// The job as INFORMATION_SCHEMA shows it.
sql::JobRecord RecordOf(const Job& job) {
  const JobState state = job.state();
  sql::JobRecord record;
  record.project = job.spec.project;
  record.user_email = kUserEmail;
  record.id = job.spec.id;
  record.priority = json::parse(job.spec.configuration_json, nullptr, false).value("priority", "");
  record.query = job.spec.query.text;
  record.state = JobStateName(state);
  record.creation_time_ms = job.spec.creation_time_ms;
  record.labels = job.spec.labels;
  record.parent_id = job.spec.parent_id;
  if (state != JobState::kPending) record.start_time_ms = job.start_time_ms();
  if (HasRows(job, state)) record.destination = job.spec.destination;
  if (state != JobState::kDone) return record;
  record.end_time_ms = job.end_time_ms();
  if (!job.status().ok()) {
    record.failure = {std::string(RestReason(job.status())), errors::LocationOf(job.status()).value_or(""),
                      std::string(job.status().message())};
    return record;
  }
  record.statement_type = job.is_script() ? "SCRIPT" : job.outcome().statement_type;
  if (!job.is_script()) record.dml_counts = job.outcome().dml_counts;
  return record;
}

sql::JobRecord RecordOf(const engine::FinishedApply& apply) {
  sql::JobRecord record;
  record.project = apply.table.project;
  record.user_email = kServiceEmail;
  record.of_service = true;
  record.id = base::StrCat(kApplyJobPrefix, apply.table_uid, "_", apply.view_us);
  record.state = JobStateName(JobState::kDone);
  record.creation_time_ms = apply.start_us / 1000;
  record.start_time_ms = apply.start_us / 1000;
  record.end_time_ms = apply.end_us / 1000;
  record.destination = apply.table;
  return record;
}

// Everything of a project and location, the service's own jobs too, newest first.
std::vector<sql::JobRecord> JobRecords(const RestContext::State& state, const std::string& project,
                                       const std::string& location) {
  std::vector<sql::JobRecord> records;
  for (const auto& job : state.jobs.List(project)) {
    if (absl::EqualsIgnoreCase(job->spec.location, location)) records.push_back(RecordOf(*job));
  }
  for (const engine::FinishedApply& apply : state.database.FinishedApplies(project)) {
    if (absl::EqualsIgnoreCase(apply.location, location)) records.push_back(RecordOf(apply));
  }
  std::stable_sort(records.begin(), records.end(), [](const sql::JobRecord& a, const sql::JobRecord& b) {
    return a.creation_time_ms > b.creation_time_ms;
  });
  return records;
}

}  // namespace

absl::StatusOr<std::optional<int64_t>> ReadJobTimeout(const json& object) {
  BQCDC_ASSIGN_OR_RETURN(const auto timeout_ms, convert::Int64Field(object, "jobTimeoutMs"));
  if (timeout_ms && *timeout_ms < 0) {
    return errors::WithLocation(errors::Invalid("jobTimeoutMs must not be negative"), "jobTimeoutMs");
  }
  // As the service's clients send it for "none".
  return timeout_ms && *timeout_ms == 0 ? std::nullopt : timeout_ms;
}

absl::StatusOr<std::shared_ptr<Job>> StartQueryJob(RestContext::State& state, QueryJobRequest request) {
  if (!IsJobId(request.id)) {
    return errors::WithLocation(errors::Invalid(base::StrCat("Invalid job ID: '", request.id, "'")), "jobId");
  }
  JobSpec spec;
  spec.project = request.project;
  spec.id = request.id.empty() ? MakeJobId() : request.id;
  spec.location = request.location;
  spec.configuration_json = request.query_configuration->dump(-1, ' ', false, json::error_handler_t::replace);
  spec.destination = {request.project, kAnonymousDataset, "anon" + spec.id};
  spec.labels = std::move(request.labels);
  spec.query = std::move(request.query);
  spec.query.jobs = [&state](const std::string& project, const std::string& location) {
    return JobRecords(state, project, location);
  };
  spec.query.cancellation = std::make_shared<engine::Cancellation>();
  spec.timeout_ms = request.timeout_ms;
  spec.creation_time_ms = state.NowMs();
  const auto job = std::make_shared<Job>(std::move(spec));
  if (request.request_key.empty()) {
    BQCDC_RETURN_IF_ERROR(state.jobs.Add(job, job->spec.creation_time_ms));
  } else {
    BQCDC_ASSIGN_OR_RETURN(const auto kept,
                           state.jobs.AddOnce(request.request_key, job, job->spec.creation_time_ms));
    if (kept != job) return kept;
  }
  const absl::Status submitted = state.executor.Submit([&state, job] { RunJob(state, job); });
  if (!submitted.ok()) {
    state.jobs.Delete(job->spec.project, job->spec.id);
    return submitted;
  }
  return job;
}

absl::StatusOr<std::shared_ptr<Job>> FindJob(RestContext::State& state, const std::string& project,
                                             const std::string& id,
                                             const std::optional<std::string>& location) {
  std::shared_ptr<Job> job = state.jobs.Find(project, id);
  if (job == nullptr || (location && !absl::EqualsIgnoreCase(*location, job->spec.location))) {
    return errors::JobNotFound(base::StrCat(project, ":", location ? *location + "." : "", id));
  }
  return job;
}

std::string ResultListing(const JobSpec& spec) {
  return base::StrCat("result ", spec.destination.ToString());
}

json JobReferenceToJson(const JobSpec& spec) {
  return {{"projectId", spec.project}, {"jobId", spec.id}, {"location", spec.location}};
}

json JobToJson(const Job& job, size_t child_count, const std::string& base_url) {
  const JobState state = job.state();
  const std::string name = JobName(job.spec);
  return {{"kind", "bigquery#job"},
          {"etag", TextHash(base::StrCat(name, JobStateName(state)))},
          {"id", name},
          {"selfLink", base::StrCat(base_url, "/projects/", job.spec.project, "/jobs/", job.spec.id,
                                    "?location=", job.spec.location)},
          {"jobReference", JobReferenceToJson(job.spec)},
          {"configuration", ConfigurationToJson(job, state)},
          {"status", StatusToJson(job, state)},
          {"statistics", StatisticsToJson(job, state, child_count)},
          {"jobCreationReason", {{"code", "REQUESTED"}}},
          {"user_email", kUserEmail},
          {"principal_subject", base::StrCat("user:", kUserEmail)}};
}

json JobToListItem(const Job& job, size_t child_count, bool full) {
  const JobState state = job.state();
  json item = {{"kind", "bigquery#job"},
               {"id", JobName(job.spec)},
               {"jobReference", JobReferenceToJson(job.spec)},
               {"state", JobStateName(state)},
               {"status", StatusToJson(job, state)},
               {"statistics", StatisticsToJson(job, state, child_count)},
               {"user_email", kUserEmail}};
  if (item["status"].contains("errorResult")) item["errorResult"] = item["status"]["errorResult"];
  if (full) item["configuration"] = ConfigurationToJson(job, state);
  return item;
}

json DryRunJobToJson(const QueryJobRequest& request, const sql::QueryOutcome& outcome, int64_t now_ms) {
  json statistics = {{"creationTime", std::to_string(now_ms)}, {"totalBytesProcessed", "0"}};
  statistics["query"] = OutcomeStatistics(outcome);
  statistics["query"]["schema"] = schema::SchemaToJson(outcome.columns);
  json configuration = {{"jobType", "QUERY"}, {"dryRun", true}, {"query", *request.query_configuration}};
  if (!request.labels.empty()) configuration["labels"] = request.labels;
  return {{"kind", "bigquery#job"},
          {"jobReference", {{"projectId", request.project}, {"location", request.location}}},
          {"configuration", std::move(configuration)},
          {"status", {{"state", "DONE"}}},
          {"statistics", std::move(statistics)},
          {"user_email", kUserEmail}};
}

}  // namespace bqcdc::emulator::handlers
