#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/write/row_batch.h"

namespace bqcdc::write {

struct BatchPoolLimits {
  std::size_t batches = 32;
  // Of what batches hold (RowBatch::held_bytes), together, and of what those keep that wait for their next
  // use (RowBatch::kept_bytes). A single batch may exceed it.
  std::size_t bytes = 64 * 1024 * 1024;
};

// Batches that are used again, so that nothing is allocated for each row, and the bound on the memory of a
// run: while its limits are used up Acquire() waits, which is how a slow service slows the source down.
// Thread-safe.
class BatchPool : public std::enable_shared_from_this<BatchPool> {
 public:
  using Factory = std::function<std::unique_ptr<RowBatch>()>;

  // The clock must outlive the pool and its batches.
  static std::shared_ptr<BatchPool> Create(Factory make, BatchPoolLimits limits = {},
                                           const base::Clock& clock = base::SystemClock::Get()) {
    return std::shared_ptr<BatchPool>(new BatchPool(std::move(make), limits, clock));
  }

  // Waits for a batch; empty. It comes back by itself when the last owner lets go. Null after Close(), and
  // when the clock has reached `deadline`.
  std::shared_ptr<RowBatch> Acquire(absl::Time deadline = absl::InfiniteFuture());
  // Allows this many batches more than the limit says.
  void Grow(std::size_t batches);
  // Counts a batch that was filled; it is counted off when it comes back.
  void Charge(RowBatch& batch);
  // Ready as soon as Acquire() need not wait, or the pool is closed. Whoever is first takes the room.
  std::future<void> WhenRoom();
  // Ends all waiting.
  void Close();

  // Bytes that are counted now.
  std::size_t charged_bytes() const;

 private:
  BatchPool(Factory make, BatchPoolLimits limits, const base::Clock& clock)
      : make_(std::move(make)), limits_(limits), clock_(clock), left_(limits.batches) {}
  void Return(std::unique_ptr<RowBatch> batch);
  void TakeBack(std::unique_ptr<RowBatch> batch, std::size_t charged) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasRoom() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return closed_ || ((!free_.empty() || left_ > 0) && charged_bytes_ < limits_.bytes);
  }
  void TellOfRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Factory make_;
  const BatchPoolLimits limits_;
  const base::Clock& clock_;
  mutable absl::Mutex mutex_;
  std::size_t charged_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t left_ ABSL_GUARDED_BY(mutex_);  // that may still be made
  std::vector<std::unique_ptr<RowBatch>> free_ ABSL_GUARDED_BY(mutex_);
  std::size_t free_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // that they keep
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::promise<void>> want_room_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::write
