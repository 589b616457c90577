#include "bqcdc/pipeline/current_binding.h"

#include <utility>

namespace bqcdc::pipeline {

CurrentBinding::CurrentBinding(TableBinding first, Read read, const base::Clock& clock,
                               absl::Duration read_interval)
    : read_(std::move(read)),
      clock_(clock),
      read_interval_(read_interval),
      newest_(std::make_shared<const TableBinding>(std::move(first))) {}

std::shared_ptr<const TableBinding> CurrentBinding::newest() const {
  absl::MutexLock lock(&mutex_);
  return newest_;
}

void CurrentBinding::Ask() {
  asked_ = clock_.Now();
  const bool noted = change_noted_.exchange(false, std::memory_order_relaxed);
  absl::StatusOr<TableBinding> read = read_();
  // The service tells of a change once.
  if (!read.ok() && noted) NoteChange();
  if (read.ok()) Take(*std::move(read));
}

void CurrentBinding::Take(TableBinding binding) {
  if (binding.schema == newest()->schema) return;
  refused_.clear();
  absl::MutexLock lock(&mutex_);
  newest_ = std::make_shared<const TableBinding>(std::move(binding));
}

void CurrentBinding::Set(TableBinding binding) {
  absl::MutexLock reading(&reading_);
  Take(std::move(binding));
}

std::shared_ptr<const TableBinding> CurrentBinding::Refresh() {
  absl::MutexLock reading(&reading_);
  if (read_ && MayAsk()) Ask();
  return newest();
}

bool CurrentBinding::WantsLookLocked(std::uint64_t reason, absl::Time read) const {
  if (!read_) return false;
  if (MayAsk()) return true;
  return asked_ < read && !waiting_ended_ && refused_.size() < kReasonsMax && !refused_.contains(reason);
}

bool CurrentBinding::WantsLook(std::uint64_t reason, absl::Time read) const {
  absl::MutexLock reading(&reading_);
  return WantsLookLocked(reason, read);
}

std::shared_ptr<const TableBinding> CurrentBinding::Look(std::uint64_t reason, absl::Time read) {
  absl::MutexLock reading(&reading_);
  const std::shared_ptr<const TableBinding> before = newest();
  // Somebody else may ask meanwhile.
  while (WantsLookLocked(reason, read)) {
    if (MayAsk()) {
      Ask();
      break;
    }
    clock_.AwaitWithDeadline(reading_, absl::Condition(&waiting_ended_), asked_ + read_interval_);
  }
  std::shared_ptr<const TableBinding> now = newest();
  if (now == before && refused_.size() < kReasonsMax) refused_.insert(reason);
  return now;
}

void CurrentBinding::EndWaiting() {
  absl::MutexLock reading(&reading_);
  waiting_ended_ = true;
}

std::shared_ptr<const schema::TableSchema> CurrentBinding::RefreshSchema() {
  const std::shared_ptr<const TableBinding> binding = Refresh();
  return {binding, &binding->schema};
}

}  // namespace bqcdc::pipeline
