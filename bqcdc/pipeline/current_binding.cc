#include "bqcdc/pipeline/current_binding.h"

#include <utility>

namespace bqcdc::pipeline {

CurrentBinding::CurrentBinding(TableBinding first, Read read, const base::Clock& clock)
    : read_(std::move(read)),
      clock_(clock),
      newest_(std::make_shared<const TableBinding>(std::move(first))) {}

std::shared_ptr<const TableBinding> CurrentBinding::newest() const {
  absl::MutexLock lock(&mutex_);
  return newest_;
}

std::shared_ptr<const TableBinding> CurrentBinding::Refresh() {
  absl::MutexLock reading(&reading_);
  std::shared_ptr<const TableBinding> known = newest();
  const absl::Time now = clock_.Now();
  if (!read_ || now < asked_ + kReadInterval) return known;
  asked_ = now;
  change_noted_.store(false, std::memory_order_relaxed);
  absl::StatusOr<TableBinding> read = read_();
  if (!read.ok() || read->schema == known->schema) return known;
  absl::MutexLock lock(&mutex_);
  newest_ = std::make_shared<const TableBinding>(*std::move(read));
  return newest_;
}

std::shared_ptr<const schema::TableSchema> CurrentBinding::RefreshSchema() {
  const std::shared_ptr<const TableBinding> binding = Refresh();
  return {binding, &binding->schema};
}

}  // namespace bqcdc::pipeline
