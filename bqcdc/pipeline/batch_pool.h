#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/pipeline/change_batch.h"

namespace bqcdc::pipeline {

struct BatchPoolLimits {
  std::size_t batches = 32;
  // Of encoded rows and of the lines they came from, together. A single batch may exceed it.
  std::size_t bytes = 64 * 1024 * 1024;
};

// Batches that are used again, so that nothing is allocated for each row, and the bound on the memory of a
// run: while its limits are used up Acquire() waits, which is how a slow service slows the source down.
// Thread-safe.
class BatchPool : public std::enable_shared_from_this<BatchPool> {
 public:
  static std::shared_ptr<BatchPool> Create(BatchPoolLimits limits = {}) {
    return std::shared_ptr<BatchPool>(new BatchPool(limits));
  }

  // Waits for a batch; empty. It comes back by itself when the last owner lets go. Null after Close().
  std::shared_ptr<ChangeBatch> Acquire();
  // Counts a batch that was filled; it is counted off when it comes back.
  void Charge(ChangeBatch& batch);
  // Ends all waiting.
  void Close();

 private:
  explicit BatchPool(BatchPoolLimits limits) : limits_(limits), left_(limits.batches) {}
  void Return(std::unique_ptr<ChangeBatch> batch);

  const BatchPoolLimits limits_;
  absl::Mutex mutex_;
  std::size_t charged_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t left_ ABSL_GUARDED_BY(mutex_);  // that may still be made
  std::vector<std::unique_ptr<ChangeBatch>> free_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace bqcdc::pipeline
