#include "bqcdc/pipeline/progress.h"

#include "bqcdc/encode/mutant.h"

namespace bqcdc::pipeline {

std::uint64_t Progress::Open(const InputPosition& before) {
  absl::MutexLock lock(&mutex_);
  const std::uint64_t batch = next_batch_++;
  line_of_.emplace(batch, before.line);
  open_.emplace(std::pair(before.line, batch), before);
  return batch;
}

void Progress::Settle(std::uint64_t batch) {
  absl::MutexLock lock(&mutex_);
  const auto found = line_of_.find(batch);
  if (found == line_of_.end()) return;
  open_.erase({found->second, batch});
  line_of_.erase(found);
}

void Progress::Reach(const InputPosition& position) {
  absl::MutexLock lock(&mutex_);
  if (position.line >= reached_.line) reached_ = position;
}

InputPosition Progress::settled() const {
  absl::MutexLock lock(&mutex_);
  return SettledLocked();
}

bool Progress::AwaitSettled(std::uint64_t lines, absl::Duration timeout) const {
  const auto settled = [this, lines]()
                           ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return SettledLocked().line >= lines; };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&settled), timeout);
}

InputPosition Progress::SettledLocked() const {
  // Lines up to the first open batch are all in batches that were settled, since lines are handed out in
  // order.
  if (encode::Mutated(encode::Mutant::kProgressBeyondGap)) return reached_;
  if (!open_.empty() && open_.begin()->first.first < reached_.line) return open_.begin()->second;
  return reached_;
}

}  // namespace bqcdc::pipeline
