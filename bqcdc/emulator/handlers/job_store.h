#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/handlers/job.h"

namespace bqcdc::emulator::handlers {

// Jobs that are kept at once; of more the oldest that are done are forgotten.
inline constexpr size_t kJobsMax = 1'000;
// Memory for the rows of finished jobs, all together; beyond it the oldest jobs are forgotten.
inline constexpr int64_t kResultBytesMax = 512 * 1024 * 1024;
// Results are kept this long, by the server's clock (https://cloud.google.com/bigquery/docs/cached-results:
// 24 hours).
inline constexpr int64_t kJobAgeMsMax = int64_t{24} * 3600 * 1000;
// A repeated `requestId` finds its job this long (field `requestId` of QueryRequest: 15 minutes).
inline constexpr int64_t kRequestIdAgeMsMax = 15 * 60 * 1000;

// The jobs of the process, in memory, oldest first. Thread-safe.
class JobStore {
 public:
  // Errors: duplicate, when the project has a job of this id.
  absl::Status Add(std::shared_ptr<Job> job, int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);

  // Adds `job` under an idempotency key, or returns the job that has the key already.
  absl::StatusOr<std::shared_ptr<Job>> AddOnce(const std::string& request_key, std::shared_ptr<Job> job,
                                               int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);

  // nullptr when there is none.
  std::shared_ptr<Job> Find(const std::string& project, const std::string& id) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The job whose rows an anonymous table holds.
  std::shared_ptr<Job> FindByDestination(const catalog::TableId& table) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Newest first.
  std::vector<std::shared_ptr<Job>> List(const std::string& project) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Statements of a script that have a job.
  size_t CountChildren(const Job& parent) const ABSL_LOCKS_EXCLUDED(mutex_);
  // With the jobs of its statements. Returns whether there was one.
  bool Delete(const std::string& project, const std::string& id) ABSL_LOCKS_EXCLUDED(mutex_);
  // For the end of the server.
  void CancelAll(int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);
  // Forgets jobs beyond the limits. Called when a job has finished.
  void Trim(int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Jobs = std::list<std::shared_ptr<Job>>;
  using Key = std::pair<std::string, std::string>;  // project, id

  absl::Status AddLocked(std::shared_ptr<Job> job, int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TrimLocked(int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Jobs::iterator EraseLocked(Jobs::iterator job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  Jobs jobs_ ABSL_GUARDED_BY(mutex_);  // by creation
  std::map<Key, Jobs::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  std::map<catalog::TableId, Jobs::iterator> by_destination_ ABSL_GUARDED_BY(mutex_);
  // Keys go with their jobs.
  std::map<std::string, std::shared_ptr<Job>> by_request_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::emulator::handlers
