#include "bqcdc/write/batch_pool.h"

#include <utility>

namespace bqcdc::write {

std::shared_ptr<RowBatch> BatchPool::Acquire(absl::Time deadline) {
  std::unique_ptr<RowBatch> batch;
  {
    const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return HasRoom(); };
    absl::MutexLock lock(&mutex_);
    if (!clock_.AwaitWithDeadline(mutex_, absl::Condition(&ready), deadline) || closed_) return nullptr;
    if (!free_.empty()) {
      batch = std::move(free_.back());
      free_.pop_back();
      free_bytes_ -= batch->kept_bytes();
    } else {
      --left_;
      batch = make_();
    }
  }
  return std::shared_ptr<RowBatch>(batch.release(), [pool = shared_from_this()](RowBatch* returned) {
    pool->Return(std::unique_ptr<RowBatch>(returned));
  });
}

void BatchPool::Grow(std::size_t batches) {
  absl::MutexLock lock(&mutex_);
  left_ += batches;
  TellOfRoom();
}

std::future<void> BatchPool::WhenRoom() {
  absl::MutexLock lock(&mutex_);
  std::future<void> room = want_room_.emplace_back().get_future();
  TellOfRoom();
  return room;
}

void BatchPool::TellOfRoom() {
  if (want_room_.empty() || !HasRoom()) return;
  for (std::promise<void>& room : want_room_) room.set_value();
  want_room_.clear();
}

void BatchPool::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  TellOfRoom();
}

void BatchPool::Charge(RowBatch& batch) {
  batch.charged_bytes = batch.held_bytes();
  absl::MutexLock lock(&mutex_);
  charged_bytes_ += batch.charged_bytes;
}

std::size_t BatchPool::charged_bytes() const {
  absl::MutexLock lock(&mutex_);
  return charged_bytes_;
}

void BatchPool::Return(std::unique_ptr<RowBatch> batch) {
  const std::size_t charged = batch->charged_bytes;
  batch->Clear();
  absl::MutexLock lock(&mutex_);
  TakeBack(std::move(batch), charged);
  TellOfRoom();
}

void BatchPool::TakeBack(std::unique_ptr<RowBatch> batch, std::size_t charged) {
  const std::size_t kept = batch->kept_bytes();
  charged_bytes_ -= charged;
  if (charged_bytes_ + free_bytes_ + kept > limits_.bytes) {
    ++left_;  // It goes, with its memory.
    return;
  }
  free_bytes_ += kept;
  free_.push_back(std::move(batch));
}

}  // namespace bqcdc::write
