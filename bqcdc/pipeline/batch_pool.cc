#include "bqcdc/pipeline/batch_pool.h"

#include <utility>

namespace bqcdc::pipeline {

std::shared_ptr<ChangeBatch> BatchPool::Acquire() {
  std::unique_ptr<ChangeBatch> batch;
  {
    const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return closed_ || ((!free_.empty() || left_ > 0) && charged_bytes_ < limits_.bytes);
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&ready));
    if (closed_) return nullptr;
    if (!free_.empty()) {
      batch = std::move(free_.back());
      free_.pop_back();
    } else {
      --left_;
      batch = std::make_unique<ChangeBatch>();
    }
  }
  return std::shared_ptr<ChangeBatch>(batch.release(), [pool = shared_from_this()](ChangeBatch* returned) {
    pool->Return(std::unique_ptr<ChangeBatch>(returned));
  });
}

void BatchPool::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

void BatchPool::Charge(ChangeBatch& batch) {
  batch.charged_bytes = batch.rows.byte_count();
  for (const auto& chunk : batch.chunks) batch.charged_bytes += chunk->capacity;
  absl::MutexLock lock(&mutex_);
  charged_bytes_ += batch.charged_bytes;
}

void BatchPool::Return(std::unique_ptr<ChangeBatch> batch) {
  const std::size_t charged = batch->charged_bytes;
  batch->Clear();
  absl::MutexLock lock(&mutex_);
  charged_bytes_ -= charged;
  free_.push_back(std::move(batch));
}

}  // namespace bqcdc::pipeline
