#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/pipeline/table_binding.h"

namespace bqcdc::pipeline {

// What a table is now, for the threads that need it: the one that encodes and the one that sends. The same
// pointer means the same schema. Thread-safe.
class CurrentBinding {
 public:
  // The service is asked at most this often, whoever wants to know and however often.
  static constexpr absl::Duration kReadInterval = absl::Seconds(10);
  using Read = std::function<absl::StatusOr<TableBinding>()>;

  // Without `read` the table stays what it is. The clock must outlive this.
  CurrentBinding(TableBinding first, Read read, const base::Clock& clock);

  // The newest that is known.
  std::shared_ptr<const TableBinding> newest() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The same after asking the service, unless it was asked within kReadInterval. What cannot be read leaves
  // what is known.
  std::shared_ptr<const TableBinding> Refresh() ABSL_LOCKS_EXCLUDED(reading_, mutex_);
  // Of Refresh(), for BatchSenderSurroundings::current_schema.
  std::shared_ptr<const schema::TableSchema> RefreshSchema();

  // The service says that the table has changed; noted until it is asked.
  void NoteChange() { change_noted_.store(true, std::memory_order_relaxed); }
  // Whether `binding` may not be what the table is.
  bool MayDifferFrom(const std::shared_ptr<const TableBinding>& binding) const {
    return change_noted_.load(std::memory_order_relaxed) || newest() != binding;
  }

 private:
  const Read read_;
  const base::Clock& clock_;
  std::atomic<bool> change_noted_{false};

  absl::Mutex reading_ ABSL_ACQUIRED_BEFORE(mutex_);  // one asks, the others wait for the answer
  absl::Time asked_ ABSL_GUARDED_BY(reading_) = absl::InfinitePast();
  mutable absl::Mutex mutex_;
  std::shared_ptr<const TableBinding> newest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::pipeline
