#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bqcdc::emulator::cdc {

// The order in which the rows of one request are taken where the service's order is arbitrary: a permutation
// of [0, rows) that depends on the seed and the request's ingest time. Rows of one key with different
// sequence numbers end the same in any order, and so do rows of different keys; so the whole request is
// shuffled.
std::vector<uint32_t> ShuffledOrder(size_t rows, uint64_t seed, int64_t ingest_us);

}  // namespace bqcdc::emulator::cdc
