// Compiled into the variant for tests alone.
#include "bqcdc/write/mutant.h"

#include <atomic>

namespace bqcdc::write {
namespace {

struct Entry {
  std::string_view name;
  std::string_view text;
};

constexpr Entry kEntries[] = {
#define BQCDC_WRITER_MUTANT_ENTRY(name, text) {#name, text},
    BQCDC_WRITER_MUTANT_LIST(BQCDC_WRITER_MUTANT_ENTRY)
#undef BQCDC_WRITER_MUTANT_ENTRY
};

std::atomic<int> active_mutant{-1};

}  // namespace

std::string_view MutantName(Mutant mutant) { return kEntries[static_cast<int>(mutant)].name; }
std::string_view MutantText(Mutant mutant) { return kEntries[static_cast<int>(mutant)].text; }

void SetMutant(std::optional<Mutant> mutant) {
  active_mutant.store(mutant ? static_cast<int>(*mutant) : -1, std::memory_order_relaxed);
}

bool Mutated(Mutant mutant) {
  return active_mutant.load(std::memory_order_relaxed) == static_cast<int>(mutant);
}

}  // namespace bqcdc::write
