#include <algorithm>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/convert/same_name.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/listing.h"
#include "bqcdc/emulator/handlers/page_token.h"
#include "bqcdc/emulator/handlers/query_jobs.h"
#include "bqcdc/emulator/handlers/query_request.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

// Most queries are done within it, and then the first answer says so.
constexpr absl::Duration kInsertWait = absl::Seconds(1);

// The part of a Job's configuration that says what to do; anything but a query is refused by name.
absl::StatusOr<const json*> QueryConfiguration(const json& body) {
  BQCDC_ASSIGN_OR_RETURN(const json* configuration, convert::ObjectField(body, "configuration"));
  if (configuration == nullptr) {
    return errors::WithLocation(errors::Invalid("Required parameter is missing: configuration"),
                                "configuration");
  }
  for (const char* kind : {"load", "copy", "extract"}) {
    if (configuration->contains(kind)) return errors::NotImplemented(base::StrCat(kind, " jobs"));
  }
  BQCDC_ASSIGN_OR_RETURN(const json* query, convert::ObjectField(*configuration, "query"));
  if (query == nullptr)
    return errors::Invalid("Job configuration must contain exactly one job-specific configuration");
  return query;
}

// Sets the id and returns the location, where they are given.
absl::StatusOr<std::optional<std::string>> ReadReference(const json& body, QueryJobRequest* request) {
  BQCDC_ASSIGN_OR_RETURN(const json* reference, convert::ObjectField(body, "jobReference"));
  if (reference == nullptr) return std::nullopt;
  BQCDC_ASSIGN_OR_RETURN(const auto project, convert::StringField(*reference, "projectId"));
  BQCDC_RETURN_IF_ERROR(convert::CheckSameName("projectId", request->project, project));
  BQCDC_ASSIGN_OR_RETURN(const auto id, convert::StringField(*reference, "jobId"));
  request->id = id.value_or("");
  return convert::StringField(*reference, "location");
}

absl::StatusOr<RestResponse> InsertJob(RestContext::State& state, const MethodCall& call) {
  QueryJobRequest request;
  request.project = call.Path("projectId");
  BQCDC_ASSIGN_OR_RETURN(const json* query, QueryConfiguration(call.body()));
  BQCDC_ASSIGN_OR_RETURN(const std::optional<std::string> location, ReadReference(call.body(), &request));
  BQCDC_ASSIGN_OR_RETURN(request.query, QueryRequestFromJson(*query, request.project, location));
  request.location = request.query.location;
  BQCDC_RETURN_IF_ERROR(convert::MergeLabels(call.body()["configuration"], &request.labels));
  BQCDC_ASSIGN_OR_RETURN(request.timeout_ms, ReadJobTimeout(call.body()["configuration"]));
  json configuration = *query;
  if (!configuration.contains("priority")) configuration["priority"] = "INTERACTIVE";
  configuration["useLegacySql"] = false;
  request.query_configuration = &configuration;
  BQCDC_ASSIGN_OR_RETURN(const auto dry_run, convert::BoolField(call.body()["configuration"], "dryRun"));
  if (dry_run.value_or(false)) {
    request.query.dry_run = true;
    BQCDC_ASSIGN_OR_RETURN(const sql::QueryOutcome outcome, state.run_query(request.query));
    return JsonResponse(DryRunJobToJson(request, outcome, state.NowMs()));
  }
  BQCDC_ASSIGN_OR_RETURN(const std::shared_ptr<Job> job, StartQueryJob(state, std::move(request)));
  job->AwaitDone(kInsertWait);
  return JsonResponse(JobToJson(*job, state.jobs.CountChildren(*job), BaseUrl(call.request())));
}

absl::StatusOr<std::shared_ptr<Job>> JobOf(RestContext::State& state, const MethodCall& call) {
  return FindJob(state, call.Path("projectId"), call.Path("jobId"), call.Query("location"));
}

absl::StatusOr<RestResponse> GetJob(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const std::shared_ptr<Job> job, JobOf(state, call));
  return JsonResponse(JobToJson(*job, state.jobs.CountChildren(*job), BaseUrl(call.request())));
}

absl::StatusOr<RestResponse> CancelJob(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const std::shared_ptr<Job> job, JobOf(state, call));
  job->Cancel(CancelledByUser(), state.NowMs());
  json resource = JobToJson(*job, state.jobs.CountChildren(*job), BaseUrl(call.request()));
  // The service's answer to a cancel does not name who began the job.
  resource.erase("user_email");
  resource.erase("principal_subject");
  return JsonResponse({{"kind", "bigquery#jobCancelResponse"}, {"job", std::move(resource)}});
}

absl::StatusOr<RestResponse> DeleteJob(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const std::shared_ptr<Job> job, JobOf(state, call));
  if (job->state() != JobState::kDone) {
    return errors::Invalid(
        base::StrCat("Cannot delete job ", job->spec.project, ":", job->spec.id, ": it is not done"));
  }
  if (!job->spec.parent_id.empty()) {
    return errors::Invalid(base::StrCat("Cannot delete job ", job->spec.project, ":", job->spec.id,
                                        ": it is a statement of the script ", job->spec.parent_id));
  }
  state.jobs.Delete(job->spec.project, job->spec.id);
  return RestResponse{.status = 204, .body = "", .etag = ""};
}

struct JobFilter {
  std::vector<JobState> states;  // empty: all
  std::optional<int64_t> created_min_ms, created_max_ms;
  std::string parent_id;  // empty: jobs that have no parent

  bool Passes(const Job& job) const {
    if (job.spec.parent_id != parent_id) return false;
    if (created_min_ms && job.spec.creation_time_ms < *created_min_ms) return false;
    if (created_max_ms && job.spec.creation_time_ms > *created_max_ms) return false;
    return states.empty() || std::find(states.begin(), states.end(), job.state()) != states.end();
  }
};

absl::StatusOr<JobState> ParseState(std::string_view text) {
  for (const JobState state : {JobState::kPending, JobState::kRunning, JobState::kDone}) {
    if (absl::EqualsIgnoreCase(base::ToAbsl(text), base::ToAbsl(JobStateName(state)))) return state;
  }
  return errors::WithLocation(errors::Invalid(base::StrCat("Invalid value for stateFilter: '", text,
                                                           "'; it is done, pending or running")),
                              "stateFilter");
}

absl::StatusOr<JobFilter> ParseFilter(const MethodCall& call) {
  JobFilter filter;
  const auto [first, last] = call.request().query.equal_range("stateFilter");
  for (auto it = first; it != last; ++it) {
    for (const auto piece : absl::StrSplit(it->second, ',', absl::SkipEmpty())) {
      BQCDC_ASSIGN_OR_RETURN(const JobState state, ParseState(base::ToStd(piece)));
      filter.states.push_back(state);
    }
  }
  BQCDC_ASSIGN_OR_RETURN(filter.created_min_ms, call.QueryInt64("minCreationTime"));
  BQCDC_ASSIGN_OR_RETURN(filter.created_max_ms, call.QueryInt64("maxCreationTime"));
  filter.parent_id = call.Query("parentJobId").value_or("");
  return filter;
}

// Whether the items of a list have their configuration.
absl::StatusOr<bool> IsFullProjection(const MethodCall& call) {
  const std::string projection = call.Query("projection").value_or("minimal");
  if (absl::EqualsIgnoreCase(projection, "full")) return true;
  if (absl::EqualsIgnoreCase(projection, "minimal")) return false;
  return errors::WithLocation(errors::Invalid(base::StrCat("Invalid value for projection: '", projection,
                                                           "'; it is full or minimal")),
                              "projection");
}

// Texts that rise as the numbers fall: the newest job comes first.
std::string FallingKey(uint64_t number) {
  return absl::StrCat(absl::Dec(std::numeric_limits<uint64_t>::max() - number, absl::kZeroPad20));
}

absl::StatusOr<RestResponse> ListJobs(RestContext::State& state, const MethodCall& call) {
  const std::string& project = call.Path("projectId");
  BQCDC_ASSIGN_OR_RETURN(const JobFilter filter, ParseFilter(call));
  std::vector<std::shared_ptr<Job>> jobs = state.jobs.List(project);
  std::erase_if(jobs, [&](const auto& job) { return !filter.Passes(*job); });
  std::vector<std::string> keys;
  for (const auto& job : jobs) keys.push_back(FallingKey(job->number));
  BQCDC_ASSIGN_OR_RETURN(const ListPage page, PageOf(call, base::StrCat("jobs ", project), keys));
  BQCDC_ASSIGN_OR_RETURN(const bool full, IsFullProjection(call));
  json list = {{"kind", "bigquery#jobList"}};
  for (size_t i = page.first; i < page.last; ++i)
    list["jobs"].push_back(JobToListItem(*jobs[i], state.jobs.CountChildren(*jobs[i]), full));
  if (!page.next_token.empty()) list["nextPageToken"] = page.next_token;
  list["etag"] = TextHash(list.dump());
  return JsonResponse(list);
}

}  // namespace

void AddJobRoutes(RestContext::State& state) {
  constexpr std::string_view kAll = "projects/{projectId}/jobs";
  constexpr std::string_view kOne = "projects/{projectId}/jobs/{jobId}";
  const std::vector<ParameterSpec> kLocation = {{"location"}};
  const auto with = [&state](auto function) {
    return [&state, function](const MethodCall& call) { return function(state, call); };
  };
  state.routes.Add({"jobs.insert", "POST", kAll, {}, "Job", "Job", with(InsertJob)});
  state.routes.Add({"jobs.list",
                    "GET",
                    kAll,
                    {{"allUsers", ParameterType::kBoolean},
                     {"maxResults", ParameterType::kInteger},
                     {"minCreationTime"},
                     {"maxCreationTime"},
                     {"pageToken"},
                     {"parentJobId"},
                     {"projection"},
                     {"stateFilter", ParameterType::kString, true}},
                    "",
                    "JobList",
                    with(ListJobs)});
  state.routes.Add({"jobs.get", "GET", kOne, kLocation, "", "Job", with(GetJob)});
  state.routes.Add({"jobs.cancel", "POST", "projects/{projectId}/jobs/{jobId}/cancel", kLocation, "",
                    "JobCancelResponse", with(CancelJob)});
  state.routes.Add({"jobs.delete", "DELETE", "projects/{projectId}/jobs/{jobId}/delete", kLocation, "", "",
                    with(DeleteJob)});
}

}  // namespace bqcdc::emulator::handlers
