#include "bqcdc/emulator/handlers/query_executor.h"

namespace bqcdc::emulator::handlers {

QueryExecutor::QueryExecutor() {
  for (int i = 0; i < kQueriesRunningMax; ++i) threads_.emplace_back([this] { Run(); });
}

QueryExecutor::~QueryExecutor() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::Status QueryExecutor::Submit(std::function<void()> work) {
  absl::MutexLock lock(&mutex_);
  if (waiting_.size() >= kQueriesWaitingMax)
    return absl::UnavailableError("Too many queries are waiting; try again");
  waiting_.push_back(std::move(work));
  return absl::OkStatus();
}

void QueryExecutor::Run() {
  for (;;) {
    std::function<void()> work;
    {
      const auto ready = [this]()
                             ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !waiting_.empty(); };
      absl::MutexLock lock(&mutex_, absl::Condition(&ready));
      if (stopping_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

}  // namespace bqcdc::emulator::handlers
