#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace bqcdc::misbehaving {

// Lives the histories of `count` seeds from `first` on, several at once: most of a history is waiting for the
// machine, its threads, sockets and kernel.
inline void LiveAtOnce(std::uint64_t first, int count, const std::function<void(std::uint64_t seed)>& live) {
  constexpr int kHistoriesAtOnce = 12;
  std::vector<std::thread> threads;
  std::atomic<int> next{0};
  for (int i = 0; i < kHistoriesAtOnce; ++i) {
    threads.emplace_back([&] {
      for (int n; (n = next++) < count;) live(first + static_cast<std::uint64_t>(n));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace bqcdc::misbehaving
