#include "bqcdc/emulator/handlers/job.h"

#include <atomic>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/result_size.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::handlers {
namespace {

uint64_t NextNumber() {
  static std::atomic<uint64_t> count = 0;
  return ++count;
}

}  // namespace

absl::Status CancelledByUser() {
  return absl::CancelledError("Job execution was cancelled: User requested cancellation");
}

absl::Status TimedOut(int64_t timeout_ms) {
  return absl::CancelledError(
      base::StrCat("Job execution was cancelled: Job timed out after ", timeout_ms / 1000, " sec"));
}

std::string_view JobStateName(JobState state) {
  switch (state) {
    case JobState::kPending:
      return "PENDING";
    case JobState::kRunning:
      return "RUNNING";
    case JobState::kDone:
      return "DONE";
  }
  return "";
}

Job::Job(JobSpec spec) : spec(std::move(spec)), number(NextNumber()) {}

bool Job::Start(int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  if (state_ != JobState::kPending) return false;
  state_ = JobState::kRunning;
  start_time_ms_ = now_ms;
  return true;
}

void Job::Finish(absl::StatusOr<sql::QueryOutcome> outcome, int64_t now_ms, int64_t result_bytes_max) {
  if (!outcome.ok()) return Finish(outcome.status(), /*is_script=*/false, now_ms, result_bytes_max);
  const bool is_script = outcome->last != nullptr;
  Finish(is_script ? outcome->last : std::make_shared<const sql::QueryOutcome>(*std::move(outcome)),
         is_script, now_ms, result_bytes_max);
}

void Job::Finish(absl::StatusOr<std::shared_ptr<const sql::QueryOutcome>> outcome, bool is_script,
                 int64_t now_ms, int64_t result_bytes_max) {
  int64_t bytes = 0;
  if (outcome.ok()) {
    for (const engine::Chunk& chunk : (*outcome)->chunks)
      bytes += convert::ResultBytes((*outcome)->columns, chunk);
  }
  if (bytes > result_bytes_max) {
    outcome = errors::ResponseTooLarge(
        base::StrCat("Response too large to return: more than ", result_bytes_max, " bytes of rows"));
    bytes = 0;
  }
  absl::MutexLock lock(&mutex_);
  if (state_ == JobState::kDone) return;
  result_bytes_ = bytes;
  status_ = outcome.status();
  if (outcome.ok()) outcome_ = *std::move(outcome);
  is_script_ = is_script;
  end_time_ms_ = now_ms;
  state_ = JobState::kDone;
}

void Job::Cancel(absl::Status why, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  if (state_ == JobState::kDone || !spec.query.cancellation->Cancel(why)) return;
  if (state_ == JobState::kPending) start_time_ms_ = now_ms;
  status_ = std::move(why);
  end_time_ms_ = now_ms;
  state_ = JobState::kDone;
}

bool Job::AwaitDone(absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return state_ == JobState::kDone; };
  return mutex_.AwaitWithTimeout(absl::Condition(&done), timeout);
}

}  // namespace bqcdc::emulator::handlers
