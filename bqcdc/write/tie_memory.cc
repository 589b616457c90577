#include "bqcdc/write/tie_memory.h"

namespace bqcdc::write {

std::uint64_t KeyAndSequenceHash(const encode::RowFacts& facts) {
  std::uint64_t hash = facts.key_hash;
  for (const std::uint64_t section : facts.sequence.sections) {
    hash = (hash ^ section) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32;
  }
  return hash;
}

bool TieMemory::SeenInRun(std::uint64_t hash) {
  if (recent_.empty()) recent_.resize(kRecentSlots);
  std::uint64_t& slot = recent_[hash & (kRecentSlots - 1)];
  const bool seen = slot == hash && hash != 0;
  slot = hash;
  return seen;
}

}  // namespace bqcdc::write
