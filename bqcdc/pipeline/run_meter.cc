#include "bqcdc/pipeline/run_meter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace bqcdc::pipeline {
namespace {

// Deletes within this are taken down as one.
constexpr absl::Duration kDeletesTogether = absl::Seconds(10);
// At ten seconds each more than a day; a table whose watermark stands still for longer shows its first ones.
constexpr std::size_t kDeletesMax = 10'000;

}  // namespace

void FillHistogram::Add(double fill) {
  ++count;
  sum += fill;
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), fill);
  if (bound != kBounds.end()) ++buckets[static_cast<std::size_t>(bound - kBounds.begin())];
}

void SlowestRequests::Add(const SlowRequest& request) {
  if (list_.size() == kMax && list_.back().total() >= request.total()) return;
  const auto at =
      std::upper_bound(list_.begin(), list_.end(), request,
                       [](const SlowRequest& a, const SlowRequest& b) { return a.total() > b.total(); });
  list_.insert(at, request);
  if (list_.size() > kMax) list_.pop_back();
}

std::int64_t RunSnapshot::dead_letter_count() const {
  std::int64_t count = 0;
  for (const auto& [reason, rows] : dead_letters) count += rows;
  return count;
}

RunMeter::RunMeter(const base::Clock& clock) : clock_(clock) {
  absl::MutexLock lock(&mutex_);
  now_.started = clock_.Now();
}

void RunMeter::SetTable(const std::string& table, std::uint64_t epoch) {
  absl::MutexLock lock(&mutex_);
  now_.table = table;
  now_.epoch = epoch;
}

void RunMeter::SetBatchLimits(std::size_t bytes, std::int64_t rows) {
  absl::MutexLock lock(&mutex_);
  batch_bytes_ = std::max<std::size_t>(bytes, 1);
  batch_rows_ = std::max<std::int64_t>(rows, 1);
}

void RunMeter::OnBatchOpened(std::uint64_t batch, std::uint64_t input_bytes) {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  open_[batch] = {now, input_bytes};
}

void RunMeter::OnBatchSettled(std::uint64_t batch) {
  absl::MutexLock lock(&mutex_);
  open_.erase(batch);
}

void RunMeter::OnInputRead(std::uint64_t bytes_in_all) {
  absl::MutexLock lock(&mutex_);
  now_.input_bytes_read = bytes_in_all;
}

void RunMeter::OnStored(std::int64_t upserts, std::int64_t upsert_bytes, std::int64_t deletes,
                        std::int64_t delete_bytes) {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  now_.upserts += upserts;
  now_.upsert_bytes += upsert_bytes;
  now_.deletes += deletes;
  now_.delete_bytes += delete_bytes;
  now_.last_acknowledged = now;
  schema_waiting_since_ = absl::InfiniteFuture();
  if (deletes > 0) RememberDeletes(now);
}

void RunMeter::OnDeadLetter(std::string_view reason) {
  absl::MutexLock lock(&mutex_);
  ++now_.dead_letters[std::string(reason)];
}

void RunMeter::OnAnswer(const write::AnsweredRequest& answered) {
  const absl::Time now = clock_.Now();
  SlowRequest request;
  request.answered_at = now;
  request.rows = answered.rows;
  request.bytes = answered.bytes;
  request.encode = answered.encoded;
  request.fill = answered.filled;
  request.wait = answered.waited;
  request.service = answered.timing.answered;
  request.action = answered.action;
  absl::MutexLock lock(&mutex_);
  if (answered.action == write::AppendAction::kNone) now_.acknowledge.Add(answered.since_first_sent);
  now_.wait.Add(request.wait);
  now_.service.Add(request.service);
  if (answered.first) {
    now_.encode.Add(request.encode);
    now_.fill.Add(request.fill);
    now_.batch_fill.Add(
        std::min(1.0, std::max(static_cast<double>(answered.bytes) / static_cast<double>(batch_bytes_),
                               static_cast<double>(answered.rows) / static_cast<double>(batch_rows_))));
  }
  now_.slowest.Add(request);
  now_.slowest_lately.Add(request);
  if (answered.action == write::AppendAction::kRefetchSchema) {
    ++now_.schema_waits;
    schema_waiting_since_ = std::min(schema_waiting_since_, now);
  }
}

void RunMeter::OnSender(const write::BatchSenderStats& stats, const write::ConnectionPool* pool, int lanes) {
  std::vector<double> loads;
  write::AppendConnectionStats connections;
  if (pool != nullptr) {
    loads = pool->loads();
    connections = pool->stats();
  }
  absl::MutexLock lock(&mutex_);
  now_.requests = stats.requests;
  now_.retries = stats.retries;
  now_.errors = stats.errors;
  now_.lanes = lanes;
  now_.connections = static_cast<int>(loads.size());
  now_.window_use = std::move(loads);
  if (pool == nullptr) return;
  now_.calls_opened = connections.calls_opened;
  now_.requests_resent = connections.requests_resent;
  now_.call_errors = std::move(connections.call_errors);
}

void RunMeter::OnSchemaRefetch() {
  absl::MutexLock lock(&mutex_);
  ++now_.schema_refetches;
}

void RunMeter::OnRateLimitWaited(absl::Duration in_all) {
  absl::MutexLock lock(&mutex_);
  now_.rate_limit_waited = in_all;
}

void RunMeter::OnFailure(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  now_.failure.Update(status);
}

void RunMeter::OnWatermark(std::optional<absl::Time> watermark) {
  absl::MutexLock lock(&mutex_);
  now_.watermark = watermark;
  ForgetAppliedDeletes();
}

void RunMeter::OnWatermarkError() {
  absl::MutexLock lock(&mutex_);
  ++now_.watermark_errors;
}

void RunMeter::RememberDeletes(absl::Time now) {
  if (!unapplied_.empty() &&
      (now < unapplied_.back().first + kDeletesTogether || unapplied_.size() >= kDeletesMax)) {
    unapplied_.back().last = std::max(unapplied_.back().last, now);
  } else {
    unapplied_.push_back({now, now});
  }
}

// A delete is applied once the watermark has passed the time at which it was streamed
// (docs: change-data-capture, monitoring).
void RunMeter::ForgetAppliedDeletes() {
  if (!now_.watermark.has_value()) return;
  while (!unapplied_.empty() && unapplied_.front().last <= *now_.watermark) unapplied_.pop_front();
  if (!unapplied_.empty()) unapplied_.front().first = std::max(unapplied_.front().first, *now_.watermark);
}

RunSnapshot RunMeter::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  return SnapshotLocked();
}

RunSnapshot RunMeter::TakeInterval() {
  absl::MutexLock lock(&mutex_);
  RunSnapshot snapshot = SnapshotLocked();
  now_.slowest_lately.Clear();
  return snapshot;
}

RunSnapshot RunMeter::SnapshotLocked() const {
  RunSnapshot snapshot = now_;
  snapshot.at = clock_.Now();
  const auto age = [&](absl::Time since) { return std::max(snapshot.at - since, absl::ZeroDuration()); };
  if (!open_.empty()) {
    snapshot.lag = age(open_.begin()->second.opened);
    std::uint64_t settled = snapshot.input_bytes_read;
    // Of batches of several lanes the one with the lower number has the earlier first line.
    settled = std::min(settled, open_.begin()->second.input_bytes);
    snapshot.lag_bytes = snapshot.input_bytes_read - settled;
  }
  if (schema_waiting_since_ != absl::InfiniteFuture()) snapshot.schema_waiting = age(schema_waiting_since_);
  // Without a watermark nobody can say what was applied.
  if (!unapplied_.empty() && snapshot.watermark.has_value())
    snapshot.oldest_unapplied_delete = age(unapplied_.front().first);
  return snapshot;
}

absl::Status HealthOf(const RunSnapshot& run, absl::Duration silence_max) {
  if (!run.failure.ok()) {
    return absl::Status(run.failure.code(),
                        absl::StrCat("the run has failed: ", std::string(run.failure.message())));
  }
  // Rows that wait since then, or an acknowledgement after that: the later counts.
  if (run.lag == absl::ZeroDuration()) return absl::OkStatus();
  absl::Time since = run.at - run.lag;
  if (run.last_acknowledged.has_value()) since = std::max(since, *run.last_acknowledged);
  const absl::Duration silence = run.at - since;
  if (silence <= silence_max) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("rows wait, and none was acknowledged for ",
                                             absl::FormatDuration(absl::Trunc(silence, absl::Seconds(1)))));
}

}  // namespace bqcdc::pipeline
