#include "bqcdc/base/testing/proof.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bqcdc::base {

std::uint64_t TestSeed() {
  static const std::uint64_t seed = [] {
    const char* text = std::getenv("BQCDC_SEED");
    const std::uint64_t value =
        text != nullptr
            ? std::strtoull(text, nullptr, 10)
            : static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    std::printf("BQCDC_SEED=%llu\n", static_cast<unsigned long long>(value));
    return value;
  }();
  return seed;
}

int ProofRounds(int sample, int full) {
  const char* size = std::getenv("BQCDC_PROOF");
  return size != nullptr && std::strcmp(size, "full") == 0 ? full : sample;
}

}  // namespace bqcdc::base
