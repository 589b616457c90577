#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
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

  static std::shared_ptr<BatchPool> Create(Factory make, BatchPoolLimits limits = {}) {
    return std::shared_ptr<BatchPool>(new BatchPool(std::move(make), limits));
  }

  // Waits for a batch; empty. It comes back by itself when the last owner lets go. Null after Close(), and
  // when the machine's clock has reached `deadline`.
  std::shared_ptr<RowBatch> Acquire(absl::Time deadline = absl::InfiniteFuture());
  // Counts a batch that was filled; it is counted off when it comes back.
  void Charge(RowBatch& batch);
  // Ends all waiting.
  void Close();

  // Bytes that are counted now.
  std::size_t charged_bytes() const;

 private:
  BatchPool(Factory make, BatchPoolLimits limits)
      : make_(std::move(make)), limits_(limits), left_(limits.batches) {}
  void Return(std::unique_ptr<RowBatch> batch);

  const Factory make_;
  const BatchPoolLimits limits_;
  mutable absl::Mutex mutex_;
  std::size_t charged_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t left_ ABSL_GUARDED_BY(mutex_);  // that may still be made
  std::vector<std::unique_ptr<RowBatch>> free_ ABSL_GUARDED_BY(mutex_);
  std::size_t free_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // that they keep
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace bqcdc::write
