#pragma once

#include <atomic>

namespace bqcdc::pipeline {

// Says once and for all that reading is to end. Request() may be called by any thread and by a signal
// handler; readers wait for it by its file descriptor, which becomes readable.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void Request() noexcept;
  bool requested() const noexcept { return requested_.load(std::memory_order_acquire); }
  int fd() const noexcept { return fd_; }

 private:
  std::atomic<bool> requested_{false};
  int fd_;
};

}  // namespace bqcdc::pipeline
