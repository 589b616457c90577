#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
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
  // Reasons that are waited for, at most: an input full of names that the table does not have goes on.
  static constexpr std::size_t kReasonsMax = 16;
  using Read = std::function<absl::StatusOr<TableBinding>()>;

  // Without `read` the table stays what it is. The clock must outlive this.
  CurrentBinding(TableBinding first, Read read, const base::Clock& clock,
                 absl::Duration read_interval = kReadInterval);

  // The newest that is known.
  std::shared_ptr<const TableBinding> newest() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The same after asking the service, unless it was asked within kReadInterval. What cannot be read leaves
  // what is known.
  std::shared_ptr<const TableBinding> Refresh() ABSL_LOCKS_EXCLUDED(reading_, mutex_);
  // What whoever has changed the table himself has read after that, and nobody before: the newest from now
  // on.
  void Set(TableBinding binding) ABSL_LOCKS_EXCLUDED(reading_, mutex_);
  // Before a row is refused that another schema may take: whether to ask for it, so that a row that was read
  // at `read` is not judged by an older schema. For a reason that rows were refused for already, since the
  // schema is what it is, once in kReadInterval is enough, and so it is for all when there are kReasonsMax of
  // them.
  bool WantsLook(std::uint64_t reason, absl::Time read) const ABSL_LOCKS_EXCLUDED(reading_, mutex_);
  // Looks, where WantsLook() says so: waits until the service may be asked again. Returns the newest.
  std::shared_ptr<const TableBinding> Look(std::uint64_t reason, absl::Time read)
      ABSL_LOCKS_EXCLUDED(reading_, mutex_);
  // From now on nobody waits: rows are judged by what is known.
  void EndWaiting() ABSL_LOCKS_EXCLUDED(reading_);
  // Of Refresh(), for BatchSenderSurroundings::current_schema.
  std::shared_ptr<const schema::TableSchema> RefreshSchema();

  // The service says that the table has changed; noted until it has been asked with success.
  void NoteChange() { change_noted_.store(true, std::memory_order_relaxed); }
  // Whether `binding` may not be what the table is.
  bool MayDifferFrom(const std::shared_ptr<const TableBinding>& binding) const {
    return change_noted_.load(std::memory_order_relaxed) || newest() != binding;
  }

 private:
  bool WantsLookLocked(std::uint64_t reason, absl::Time read) const ABSL_SHARED_LOCKS_REQUIRED(reading_);
  bool MayAsk() const ABSL_SHARED_LOCKS_REQUIRED(reading_) { return clock_.Now() >= asked_ + read_interval_; }
  void Ask() ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_) ABSL_LOCKS_EXCLUDED(mutex_);
  void Take(TableBinding binding) ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_) ABSL_LOCKS_EXCLUDED(mutex_);

  const Read read_;
  const base::Clock& clock_;
  const absl::Duration read_interval_;
  std::atomic<bool> change_noted_{false};

  mutable absl::Mutex reading_ ABSL_ACQUIRED_BEFORE(mutex_);  // one asks, the others wait for the answer
  absl::Time asked_ ABSL_GUARDED_BY(reading_) = absl::InfinitePast();
  absl::flat_hash_set<std::uint64_t> refused_ ABSL_GUARDED_BY(reading_);  // reasons, by the newest schema
  bool waiting_ended_ ABSL_GUARDED_BY(reading_) = false;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const TableBinding> newest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::pipeline
