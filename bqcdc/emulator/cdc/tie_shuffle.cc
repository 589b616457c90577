#include "bqcdc/emulator/cdc/tie_shuffle.h"

#include <numeric>
#include <utility>

namespace bqcdc::emulator::cdc {
namespace {

// splitmix64: the same numbers on every machine, unlike the standard library's distributions.
uint64_t Next(uint64_t& state) {
  uint64_t z = (state += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace

std::vector<uint32_t> ShuffledOrder(size_t rows, uint64_t seed, int64_t ingest_us) {
  std::vector<uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  uint64_t state = seed ^ (static_cast<uint64_t>(ingest_us) * 0x9E3779B97F4A7C15);
  for (size_t i = rows; i > 1; --i) std::swap(order[i - 1], order[Next(state) % i]);
  return order;
}

}  // namespace bqcdc::emulator::cdc
