#include "bqcdc/emulator/handlers/job_store.h"

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::handlers {
namespace {

int64_t TextBytes(const JobSpec& spec) {
  return static_cast<int64_t>(spec.query.text.size() + spec.configuration_json.size());
}

bool IsKnown(int64_t creation_time_ms, int64_t now_ms) {
  return now_ms - creation_time_ms <= kRequestIdAgeMsMax;
}

}  // namespace

absl::Status JobStore::Add(std::shared_ptr<Job> job, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  return AddLocked({.job = std::move(job)}, now_ms);
}

absl::StatusOr<std::shared_ptr<Job>> JobStore::AddOnce(const std::string& request_key,
                                                       std::shared_ptr<Job> job, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  const auto known = by_request_.find(request_key);
  if (known != by_request_.end() && IsKnown(known->second->spec.creation_time_ms, now_ms)) {
    return known->second;
  }
  const auto forgotten = forgotten_requests_.find(request_key);
  if (forgotten != forgotten_requests_.end() && IsKnown(forgotten->second.creation_time_ms, now_ms)) {
    const auto& [project, id] = forgotten->second.key;
    return errors::JobNotFound(base::StrCat(project, ":", id));
  }
  BQCDC_RETURN_IF_ERROR(AddLocked({.job = job, .request_key = request_key}, now_ms));
  by_request_[request_key] = job;
  return job;
}

absl::Status JobStore::AddLocked(Entry entry, int64_t now_ms) {
  const JobSpec& spec = entry.job->spec;
  const Key key = {spec.project, spec.id};
  DropForgottenLocked(now_ms);
  if (by_id_.contains(key) || forgotten_ids_.contains(key))
    return errors::JobExists(base::StrCat(spec.project, ":", spec.location, ".", spec.id));
  entry.bytes = TextBytes(spec);
  bytes_ += entry.bytes;
  if (const auto parent = by_id_.find({spec.project, spec.parent_id}); parent != by_id_.end()) {
    ++parent->second->children;
  }
  Entries& entries = ListOf(spec);
  entries.push_back(std::move(entry));
  by_id_[key] = std::prev(entries.end());
  by_destination_[spec.destination] = std::prev(entries.end());
  TrimLocked(now_ms);
  return absl::OkStatus();
}

std::shared_ptr<Job> JobStore::Find(const std::string& project, const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = by_id_.find({project, id});
  return found == by_id_.end() ? nullptr : found->second->job;
}

std::shared_ptr<Job> JobStore::FindByDestination(const catalog::TableId& table) const {
  absl::MutexLock lock(&mutex_);
  const auto found = by_destination_.find(table);
  return found == by_destination_.end() ? nullptr : found->second->job;
}

std::vector<std::shared_ptr<Job>> JobStore::List(const std::string& project) const {
  std::vector<std::shared_ptr<Job>> jobs;
  {
    absl::MutexLock lock(&mutex_);
    for (const Entries* entries : {&jobs_, &statement_jobs_}) {
      for (const Entry& entry : *entries) {
        if (entry.job->spec.project == project) jobs.push_back(entry.job);
      }
    }
  }
  std::sort(jobs.begin(), jobs.end(), [](const auto& a, const auto& b) { return a->number > b->number; });
  return jobs;
}

bool JobStore::Delete(const std::string& project, const std::string& id) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_id_.find({project, id});
  if (found == by_id_.end()) return false;
  EraseLocked(found->second);
  for (auto entry = statement_jobs_.begin(); entry != statement_jobs_.end();) {
    const JobSpec& spec = entry->job->spec;
    entry = spec.project == project && spec.parent_id == id ? EraseLocked(entry) : std::next(entry);
  }
  return true;
}

size_t JobStore::CountChildren(const Job& parent) const {
  absl::MutexLock lock(&mutex_);
  const auto found = by_id_.find({parent.spec.project, parent.spec.id});
  return found == by_id_.end() ? 0 : found->second->children;
}

void JobStore::CancelAll(int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  for (const Entries* entries : {&jobs_, &statement_jobs_}) {
    for (const Entry& entry : *entries)
      entry.job->Cancel(absl::CancelledError("Job execution was cancelled: the server ends"), now_ms);
  }
}

void JobStore::Finished(const Job& job, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_id_.find({job.spec.project, job.spec.id});
  if (found != by_id_.end() && found->second->job.get() == &job) {
    found->second->bytes += job.result_bytes();
    bytes_ += job.result_bytes();
  }
  TrimLocked(now_ms);
}

void JobStore::TrimLocked(int64_t now_ms) {
  ForgetOldestLocked(statement_jobs_, kStatementJobsMax, now_ms);
  ForgetOldestLocked(jobs_, kJobsMax, now_ms);
}

void JobStore::ForgetOldestLocked(Entries& entries, size_t count_max, int64_t now_ms) {
  for (auto entry = entries.begin(); entry != entries.end();) {
    const JobSpec& spec = entry->job->spec;
    const bool too_old = now_ms - spec.creation_time_ms > kJobAgeMsMax;
    if (!too_old && entries.size() <= count_max && bytes_ <= kJobBytesMax) return;
    if (entry->job->state() != JobState::kDone) {
      ++entry;
      continue;
    }
    Forgotten forgotten = {{spec.project, spec.id}, entry->request_key, spec.creation_time_ms};
    forgotten_ids_.insert(forgotten.key);
    if (!forgotten.request_key.empty()) forgotten_requests_[forgotten.request_key] = forgotten;
    forgotten_.push_back(std::move(forgotten));
    entry = EraseLocked(entry);
  }
}

void JobStore::DropForgottenLocked(int64_t now_ms) {
  while (!forgotten_.empty() && (forgotten_.size() > kForgottenJobsMax ||
                                 now_ms - forgotten_.front().creation_time_ms > kJobAgeMsMax)) {
    const Forgotten& oldest = forgotten_.front();
    forgotten_ids_.erase(oldest.key);
    const auto request = forgotten_requests_.find(oldest.request_key);
    if (request != forgotten_requests_.end() && request->second.key == oldest.key) {
      forgotten_requests_.erase(request);
    }
    forgotten_.pop_front();
  }
}

JobStore::Entries::iterator JobStore::EraseLocked(Entries::iterator entry) {
  const JobSpec& spec = entry->job->spec;
  bytes_ -= entry->bytes;
  by_id_.erase({spec.project, spec.id});
  by_destination_.erase(spec.destination);
  const auto request = by_request_.find(entry->request_key);
  if (request != by_request_.end() && request->second == entry->job) by_request_.erase(request);
  return ListOf(spec).erase(entry);
}

}  // namespace bqcdc::emulator::handlers
