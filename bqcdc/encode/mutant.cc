// Compiled into the variant for tests alone.
#include "bqcdc/encode/mutant.h"

#include <atomic>
#include <string>
#include <utility>

namespace bqcdc::encode {
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
thread_local std::string key_spelling;  // of the row that this thread encodes

}  // namespace

std::string_view MutantName(Mutant mutant) { return kEntries[static_cast<int>(mutant)].name; }
std::string_view MutantText(Mutant mutant) { return kEntries[static_cast<int>(mutant)].text; }

void SetMutant(std::optional<Mutant> mutant) {
  active_mutant.store(mutant ? static_cast<int>(*mutant) : -1, std::memory_order_relaxed);
}

bool Mutated(Mutant mutant) {
  return active_mutant.load(std::memory_order_relaxed) == static_cast<int>(mutant);
}

void NoteKeySpelling(std::string_view text) { key_spelling += text; }
std::string TakeKeySpelling() { return std::exchange(key_spelling, {}); }

}  // namespace bqcdc::encode
