#pragma once

#include <memory>
#include <string>

#include "bqcdc/emulator/handlers/job.h"
#include "bqcdc/emulator/handlers/job_store.h"
#include "bqcdc/emulator/sql/script_observer.h"

namespace bqcdc::emulator::handlers {

// Makes a child job of each statement of a script
// (https://cloud.google.com/bigquery/docs/multi-statement-queries#view_multi-statement_query_jobs). Not
// thread-safe: one script.
class ScriptJobs final : public sql::ScriptObserver {
 public:
  ScriptJobs(JobStore& store, const base::Clock& clock, const Job& parent)
      : store_(store), clock_(clock), parent_(parent) {}

  void Begin(const sql::ScriptStatement& statement) override;
  void End(const absl::StatusOr<std::shared_ptr<const sql::QueryOutcome>>& outcome) override;

 private:
  int64_t NowMs() const { return absl::ToUnixMillis(clock_.Now()); }

  JobStore& store_;
  const base::Clock& clock_;
  const Job& parent_;
  int count_ = 0;
  std::shared_ptr<Job> running_;
};

}  // namespace bqcdc::emulator::handlers
