#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/handlers/job.h"
#include "bqcdc/emulator/handlers/rest_service.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::handlers {

// A query job about to be made.
struct QueryJobRequest {
  std::string project;
  std::string id;  // empty: one is made
  std::string location;
  nlohmann::json* query_configuration = nullptr;  // what the job's resource repeats
  sql::QueryRequest query;
  std::string request_key;  // idempotency key, empty: none
  std::map<std::string, std::string> labels;
  std::optional<int64_t> timeout_ms;  // `jobTimeoutMs`
};

// Reads `jobTimeoutMs` of a jobs.query or of a job's configuration.
absl::StatusOr<std::optional<int64_t>> ReadJobTimeout(const nlohmann::json& object);

// Makes a job and gives it to the executor. Errors: duplicate id; Unavailable.
absl::StatusOr<std::shared_ptr<Job>> StartQueryJob(RestContext::State& state, QueryJobRequest request);

// Finds a job; `location` unset: anywhere. Errors: notFound.
absl::StatusOr<std::shared_ptr<Job>> FindJob(RestContext::State& state, const std::string& project,
                                             const std::string& id,
                                             const std::optional<std::string>& location);

// Names the rows of a query for page tokens. One name for every method that reads them: the Java client takes
// the token of jobs.query to tabledata.list of the hidden table.
std::string ResultListing(const JobSpec& spec);

// `jobReference`.
nlohmann::json JobReferenceToJson(const JobSpec& spec);

// The Job resource (https://cloud.google.com/bigquery/docs/reference/rest/v2/Job).
// `child_count`: JobStore::CountChildren.
nlohmann::json JobToJson(const Job& job, size_t child_count, const std::string& base_url);
// An item of jobs.list; `full` adds the configuration.
nlohmann::json JobToListItem(const Job& job, size_t child_count, bool full);

// The answer to a dry run as a Job resource, which has no job behind it.
nlohmann::json DryRunJobToJson(const QueryJobRequest& request, const sql::QueryOutcome& outcome,
                               int64_t now_ms);

}  // namespace bqcdc::emulator::handlers
