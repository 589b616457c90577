#include "bqcdc/emulator/handlers/job_store.h"

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::handlers {

absl::Status JobStore::Add(std::shared_ptr<Job> job, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  return AddLocked(std::move(job), now_ms);
}

absl::StatusOr<std::shared_ptr<Job>> JobStore::AddOnce(const std::string& request_key,
                                                       std::shared_ptr<Job> job, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  const auto known = by_request_.find(request_key);
  if (known != by_request_.end() && now_ms - known->second->spec.creation_time_ms <= kRequestIdAgeMsMax) {
    return known->second;
  }
  BQCDC_RETURN_IF_ERROR(AddLocked(job, now_ms));
  by_request_[request_key] = job;
  return job;
}

absl::Status JobStore::AddLocked(std::shared_ptr<Job> job, int64_t now_ms) {
  const JobSpec& spec = job->spec;
  if (by_id_.contains({spec.project, spec.id}))
    return errors::JobExists(base::StrCat(spec.project, ":", spec.location, ".", spec.id));
  TrimLocked(now_ms);
  jobs_.push_back(job);
  by_id_[{spec.project, spec.id}] = std::prev(jobs_.end());
  by_destination_[spec.destination] = std::prev(jobs_.end());
  return absl::OkStatus();
}

std::shared_ptr<Job> JobStore::Find(const std::string& project, const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = by_id_.find({project, id});
  return found == by_id_.end() ? nullptr : *found->second;
}

std::shared_ptr<Job> JobStore::FindByDestination(const catalog::TableId& table) const {
  absl::MutexLock lock(&mutex_);
  const auto found = by_destination_.find(table);
  return found == by_destination_.end() ? nullptr : *found->second;
}

std::vector<std::shared_ptr<Job>> JobStore::List(const std::string& project) const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<Job>> jobs;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) {
    if ((*job)->spec.project == project) jobs.push_back(*job);
  }
  return jobs;
}

bool JobStore::Delete(const std::string& project, const std::string& id) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_id_.find({project, id});
  if (found == by_id_.end()) return false;
  EraseLocked(found->second);
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    const JobSpec& spec = (*job)->spec;
    job = spec.project == project && spec.parent_id == id ? EraseLocked(job) : std::next(job);
  }
  return true;
}

size_t JobStore::CountChildren(const Job& parent) const {
  absl::MutexLock lock(&mutex_);
  return std::count_if(jobs_.begin(), jobs_.end(), [&](const std::shared_ptr<Job>& job) {
    return job->spec.project == parent.spec.project && job->spec.parent_id == parent.spec.id;
  });
}

void JobStore::CancelAll(int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  for (const auto& job : jobs_)
    job->Cancel(absl::CancelledError("Job execution was cancelled: the server ends"), now_ms);
}

void JobStore::Trim(int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  TrimLocked(now_ms);
}

void JobStore::TrimLocked(int64_t now_ms) {
  int64_t bytes = 0;
  for (const auto& job : jobs_) {
    if (job->state() == JobState::kDone) bytes += job->result_bytes();
  }
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    const bool too_old = now_ms - (*job)->spec.creation_time_ms > kJobAgeMsMax;
    if (!too_old && jobs_.size() < kJobsMax && bytes <= kResultBytesMax) return;
    if ((*job)->state() != JobState::kDone) {
      ++job;
      continue;
    }
    bytes -= (*job)->result_bytes();
    job = EraseLocked(job);
  }
}

JobStore::Jobs::iterator JobStore::EraseLocked(Jobs::iterator job) {
  const JobSpec& spec = (*job)->spec;
  by_id_.erase({spec.project, spec.id});
  by_destination_.erase(spec.destination);
  std::erase_if(by_request_, [&](const auto& entry) { return entry.second == *job; });
  return jobs_.erase(job);
}

}  // namespace bqcdc::emulator::handlers
