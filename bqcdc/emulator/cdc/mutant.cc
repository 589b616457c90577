#include "bqcdc/emulator/cdc/mutant.h"

#include <atomic>

namespace bqcdc::emulator::cdc {
namespace {

struct Entry {
  std::string_view name;
  std::string_view text;
};

constexpr Entry kEntries[] = {
#define BQCDC_MUTANT_ENTRY(name, text) {#name, text},
    BQCDC_MUTANT_LIST(BQCDC_MUTANT_ENTRY)
#undef BQCDC_MUTANT_ENTRY
};

}  // namespace

std::string_view MutantName(Mutant mutant) { return kEntries[static_cast<int>(mutant)].name; }
std::string_view MutantText(Mutant mutant) { return kEntries[static_cast<int>(mutant)].text; }

#ifdef BQCDC_MUTANTS
namespace {
std::atomic<int> active_mutant{-1};
}  // namespace

void SetMutant(std::optional<Mutant> mutant) {
  active_mutant.store(mutant ? static_cast<int>(*mutant) : -1, std::memory_order_relaxed);
}

bool Mutated(Mutant mutant) {
  return active_mutant.load(std::memory_order_relaxed) == static_cast<int>(mutant);
}
#endif

}  // namespace bqcdc::emulator::cdc
