#include "bqcdc/pipeline/checkpointer.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::pipeline {
namespace {

// Whoever waits for a row to be settled looks this often whether the run has ended.
constexpr absl::Duration kLook = absl::Milliseconds(50);

}  // namespace

Checkpointer::Checkpointer(CheckpointerOptions options, checkpoint::CheckpointFile& file,
                           checkpoint::Checkpoint first, const Progress& progress, InputSources& sources,
                           std::function<SettledCounts()> counts, const base::Clock& clock)
    : options_(options),
      file_(file),
      progress_(progress),
      sources_(sources),
      counts_(std::move(counts)),
      clock_(clock),
      counts_before_{first.upserts, first.deletes, first.set_aside},
      state_(std::move(first)),
      durable_line_(state_.line) {}

Checkpointer::~Checkpointer() {
  Close();
  if (thread_.joinable()) thread_.join();
}

absl::Status Checkpointer::Begin() {
  absl::MutexLock lock(&write_mutex_);
  return WriteNow();
}

absl::Status Checkpointer::DecideSequence(const char* sequence, std::uint64_t line) {
  absl::MutexLock lock(&write_mutex_);
  if (state_.sequence == sequence) return absl::OkStatus();
  state_.sequence = sequence;
  state_.sequence_line = line;
  return WriteNow();
}

void Checkpointer::Start(std::function<void(const absl::Status&)> on_error) {
  thread_ = std::thread([this, on_error = std::move(on_error)] { Run(on_error); });
}

void Checkpointer::Run(const std::function<void(const absl::Status&)>& on_error) {
  absl::Time next = clock_.Now() + options_.interval;
  for (;;) {
    std::optional<std::uint64_t> wanted;
    {
      absl::MutexLock lock(&mutex_);
      clock_.AwaitWithDeadline(mutex_, absl::Condition(this, &Checkpointer::Wanted), next);
      if (closed_) return;
      wanted = wanted_line_;
    }
    // Where somebody waits there is nothing to write before more is settled.
    if (wanted.has_value() && !progress_.AwaitSettled(*wanted, kLook)) continue;
    absl::Status status;
    {
      absl::MutexLock lock(&write_mutex_);
      if (written_ != progress_.settled()) status = WriteNow();
    }
    if (!status.ok()) {
      on_error(status);
      Close();
      return;
    }
    next = clock_.Now() + options_.interval;
  }
}

absl::Status Checkpointer::Finish(bool ended, bool drained) {
  Close();
  if (thread_.joinable()) thread_.join();
  base::HitFailpoint(base::Failpoint::kStreamBeforeLastCheckpoint);
  absl::MutexLock lock(&write_mutex_);
  state_.ended = ended;
  state_.drained = drained;
  return WriteNow();
}

void Checkpointer::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

bool Checkpointer::InReach(std::uint64_t line) const {
  absl::MutexLock lock(&mutex_);
  return line <= durable_line_ + options_.lines_ahead_max;
}

bool Checkpointer::AwaitReach(std::uint64_t line) {
  const auto ready = [this, line]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return closed_ || line <= durable_line_ + options_.lines_ahead_max;
  };
  absl::MutexLock lock(&mutex_);
  if (!ready()) {
    wanted_line_ = line - options_.lines_ahead_max;
    mutex_.Await(absl::Condition(&ready));
    wanted_line_.reset();
  }
  return !closed_;
}

absl::Status Checkpointer::WriteNow() {
  const InputPosition position = progress_.settled();
  BQCDC_RETURN_IF_ERROR(DescribePosition(position));
  const SettledCounts counts = counts_();
  state_.upserts = counts_before_.upserts + counts.upserts;
  state_.deletes = counts_before_.deletes + counts.deletes;
  state_.set_aside = counts_before_.set_aside + counts.set_aside;
  state_.written_at = clock_.Now();
  BQCDC_RETURN_IF_ERROR(file_.Write(state_));
  written_ = position;
  sources_.ReleaseBefore(position.source);
  absl::MutexLock lock(&mutex_);
  durable_line_ = position.line;
  return absl::OkStatus();
}

absl::Status Checkpointer::DescribePosition(const InputPosition& position) {
  state_.line = position.line;
  state_.input = state_.follow ? 0 : position.source;
  state_.offset = position.offset;
  state_.prefix_hash = position.prefix_hash;
  state_.tail_bytes = 0;
  state_.tail_sha256.clear();
  if (!state_.follow) {
    for (std::size_t i = 0; i < state_.inputs.size(); ++i) {
      state_.inputs[i].bytes = i < position.source ? sources_.end(i) : std::nullopt;
    }
  }
  checkpoint::CheckpointInput& input = state_.inputs[state_.input];
  if (!input.identity.regular) return absl::OkStatus();
  const std::string name = sources_.name(position.source);
  std::shared_ptr<const OpenFile> file = sources_.kept(position.source);
  if (file == nullptr) {
    const int fd = open(sources_.path(position.source).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      return absl::NotFoundError(
          absl::StrCat("cannot open ", name, " for the checkpoint: ", std::strerror(errno)));
    }
    file = std::make_shared<const OpenFile>(fd);
  }
  if (state_.follow) {
    absl::StatusOr<checkpoint::FileIdentity> identity = checkpoint::IdentifyFile(name, file->fd());
    if (identity.ok()) {
      input.identity = *std::move(identity);
    } else if (!absl::IsOutOfRange(identity.status())) {  // It is being truncated.
      return identity.status();
    }
  }
  const std::uint64_t tail = std::min(position.offset, checkpoint::kTailBytesMax);
  absl::StatusOr<std::string> hash = checkpoint::HashRange(name, file->fd(), position.offset - tail, tail);
  // Truncated since it was read: without a tail no file fits, and that is right.
  if (absl::IsOutOfRange(hash.status())) return absl::OkStatus();
  BQCDC_RETURN_IF_ERROR(hash.status());
  state_.tail_bytes = tail;
  state_.tail_sha256 = *std::move(hash);
  return absl::OkStatus();
}

}  // namespace bqcdc::pipeline
