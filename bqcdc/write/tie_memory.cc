#include "bqcdc/write/tie_memory.h"

namespace bqcdc::write {

bool TieMemory::SeenInRun(std::uint64_t hash) {
  if (recent_.empty()) recent_.resize(kRecentSlots);
  std::uint64_t& slot = recent_[hash & (kRecentSlots - 1)];
  const bool seen = slot == hash && hash != 0;
  slot = hash;
  return seen;
}

}  // namespace bqcdc::write
