#include "bqcdc/emulator/handlers/in_flight_budget.h"

#include <utility>

namespace bqcdc::emulator::handlers {

void InFlightBudget::Add(int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  bytes_ += bytes;
  ++requests_;
}

void InFlightBudget::Grow(int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  bytes_ += bytes;
}

void InFlightBudget::Remove(int64_t bytes, int64_t requests) {
  std::vector<std::function<void()>> wake;
  {
    absl::MutexLock lock(&mutex_);
    bytes_ -= bytes;
    requests_ -= requests;
    if (bytes_ < bytes_max_) wake.swap(waiting_);
  }
  for (const auto& call : wake) call();
}

bool InFlightBudget::HasRoomOrWait(std::function<void()> wake) {
  absl::MutexLock lock(&mutex_);
  if (bytes_ < bytes_max_) return true;
  waiting_.push_back(std::move(wake));
  return false;
}

void InFlightBudget::AwaitEmpty() {
  absl::MutexLock lock(&mutex_);
  const auto empty = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return requests_ == 0; };
  mutex_.Await(absl::Condition(&empty));
}

}  // namespace bqcdc::emulator::handlers
