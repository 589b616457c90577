#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace bqcdc::write {

// Finds ties: rows with the key and the sequence number of another. Inputs that bring their own numbers can
// have them, and among such rows of one request the service lets any win. Not thread-safe.
class TieMemory {
 public:
  // Of one batch that is being filled.
  class Batch {
   public:
    // Whether a row of the batch has the same hash (encode::RowFacts::tie_hash). Remembers it.
    bool Seen(std::uint64_t hash) { return !hashes_.insert(hash).second; }
    void Clear() { hashes_.clear(); }

   private:
    absl::flat_hash_set<std::uint64_t> hashes_;
  };

  // Whether such a row came recently; memory is bounded, so a tie at more than about a million rows' distance
  // may be missed. That is a matter of the count alone: at such a distance the later row wins.
  bool SeenInRun(std::uint64_t hash);

 private:
  static constexpr std::size_t kRecentSlots = std::size_t{1} << 20;

  std::vector<std::uint64_t> recent_;
};

}  // namespace bqcdc::write
