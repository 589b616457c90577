#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/handlers/job.h"

namespace bqcdc::emulator::handlers {

// Jobs that are kept at once; of more the oldest that are done are forgotten. Those of a script's statements
// count by themselves, so that a long script costs nobody's job.
inline constexpr size_t kJobsMax = 10'000;
inline constexpr size_t kStatementJobsMax = 10'000;
// Memory for the texts of jobs and the rows of finished ones, all together; beyond it the oldest are
// forgotten, those of statements first.
inline constexpr int64_t kJobBytesMax = 512 * 1024 * 1024;
// What a forgotten job leaves: its id stays taken and its `requestId` known. Of so many, the latest.
inline constexpr size_t kForgottenJobsMax = 100'000;
// Results are kept this long, by the server's clock (https://cloud.google.com/bigquery/docs/cached-results:
// 24 hours).
inline constexpr int64_t kJobAgeMsMax = int64_t{24} * 3600 * 1000;
// A repeated `requestId` finds its job this long (field `requestId` of QueryRequest: 15 minutes).
inline constexpr int64_t kRequestIdAgeMsMax = 15 * 60 * 1000;

// The jobs of the process, in memory. Thread-safe.
class JobStore {
 public:
  // Errors: duplicate, when the project has or had a job of this id.
  absl::Status Add(std::shared_ptr<Job> job, int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);

  // Adds `job` under an idempotency key, or returns the job that has the key already. Errors: as Add;
  // notFound, where that job is forgotten.
  absl::StatusOr<std::shared_ptr<Job>> AddOnce(const std::string& request_key, std::shared_ptr<Job> job,
                                               int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);

  // nullptr when there is none.
  std::shared_ptr<Job> Find(const std::string& project, const std::string& id) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The job whose rows an anonymous table holds.
  std::shared_ptr<Job> FindByDestination(const catalog::TableId& table) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Newest first.
  std::vector<std::shared_ptr<Job>> List(const std::string& project) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Statements of a script that were given a job.
  size_t CountChildren(const Job& parent) const ABSL_LOCKS_EXCLUDED(mutex_);
  // With the jobs of its statements; the id is free again. Returns whether there was one.
  bool Delete(const std::string& project, const std::string& id) ABSL_LOCKS_EXCLUDED(mutex_);
  // For the end of the server.
  void CancelAll(int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);
  // To be called when a job is done: its rows count from now on, and jobs beyond the limits are forgotten.
  void Finished(const Job& job, int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Entry {
    std::shared_ptr<Job> job;
    int64_t bytes = 0;  // of kJobBytesMax
    size_t children = 0;
    std::string request_key;
  };
  using Entries = std::list<Entry>;
  using Key = std::pair<std::string, std::string>;  // project, id
  struct Forgotten {
    Key key;
    std::string request_key;
    int64_t creation_time_ms = 0;
  };

  absl::Status AddLocked(Entry entry, int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Entries& ListOf(const JobSpec& spec) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return spec.parent_id.empty() ? jobs_ : statement_jobs_;
  }
  void TrimLocked(int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetOldestLocked(Entries& entries, size_t count_max, int64_t now_ms)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropForgottenLocked(int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Entries::iterator EraseLocked(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  // By creation.
  Entries jobs_ ABSL_GUARDED_BY(mutex_);
  Entries statement_jobs_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of both
  std::map<Key, Entries::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  std::map<catalog::TableId, Entries::iterator> by_destination_ ABSL_GUARDED_BY(mutex_);
  // Keys go with their jobs.
  std::map<std::string, std::shared_ptr<Job>> by_request_ ABSL_GUARDED_BY(mutex_);
  std::deque<Forgotten> forgotten_ ABSL_GUARDED_BY(mutex_);
  std::set<Key> forgotten_ids_ ABSL_GUARDED_BY(mutex_);
  // The latest job of each key.
  std::map<std::string, Forgotten> forgotten_requests_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::emulator::handlers
