#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace bqcdc::emulator::handlers {

// Memory for writer schemas, over all connections: each destination of each connection may keep one of up to
// 4 MiB. Thread-safe.
class SchemaBudget {
 public:
  explicit SchemaBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}

  // Gives its bytes back when it goes, also after the budget has gone; null where there are not so many.
  std::shared_ptr<const void> Reserve(int64_t bytes) {
    if (bytes_->fetch_add(bytes) + bytes > bytes_max_) {
      bytes_->fetch_sub(bytes);
      return nullptr;
    }
    return std::shared_ptr<const void>(bytes_.get(),
                                       [all = bytes_, bytes](const void*) { all->fetch_sub(bytes); });
  }

 private:
  const int64_t bytes_max_;
  const std::shared_ptr<std::atomic<int64_t>> bytes_ = std::make_shared<std::atomic<int64_t>>(0);
};

}  // namespace bqcdc::emulator::handlers
