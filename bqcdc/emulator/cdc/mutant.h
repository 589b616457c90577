#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// Named mistakes that the oracle must catch. In the product `Mutated` is a constant false and costs nothing.
// The libraries `bqcdc_emulator_cdc_mutants` and `bqcdc_emulator_engine_mutants` are the same sources
// compiled with BQCDC_MUTANTS: there one mutant at a time can be switched on. A test program links either
// variant, never both.
namespace bqcdc::emulator::cdc {

#define BQCDC_MUTANT_LIST(X)                                                                     \
  X(kSequenceAsText, "sequence numbers are compared as text")                                    \
  X(kSequenceFirstSectionOnly, "only the first section of a sequence number is compared")        \
  X(kSequenceSigned, "sections are compared as signed integers")                                 \
  X(kSequenceIgnored, "sequence numbers are ignored, the last ingested wins")                    \
  X(kSequenceIgnoredOnDelete, "a DELETE replaces whatever its sequence number")                  \
  X(kTieFirstWins, "of equal sequence numbers the first ingested wins")                          \
  X(kNoTombstones, "a DELETE is not remembered once it is applied")                              \
  X(kTombstone24Hours, "a DELETE is remembered for 24 hours")                                    \
  X(kTombstoneForever, "a DELETE is never forgotten")                                            \
  X(kTombstoneOnlyForPresentKey, "a DELETE of a key without rows is not remembered")             \
  X(kTombstonesLostOnRestart, "a restart forgets deletes")                                       \
  X(kBaselineSequenceIgnored, "a late change replaces an applied row")                           \
  X(kAppliedSequenceLost, "applied rows are stored without their sequence numbers")              \
  X(kWatermarkMovedByQuery, "a query that merges moves the watermark")                           \
  X(kWatermarkNotMovedByApply, "an apply leaves the watermark where it was")                     \
  X(kStaleTestExclusive, "the baseline is served while now - watermark < max_staleness, not <=") \
  X(kMergeIgnoresDeletes, "the merge on read leaves pending deletes out")                        \
  X(kUpsertMergesColumns, "an applied UPSERT keeps the old value where the new one is NULL")     \
  X(kPlainSurvivesReplacement, "plain rows stay when their key is replaced")                     \
  X(kPlainHiddenWhenStale, "pending plain rows are missing from the stale view")                 \
  X(kKeyFirstColumnOnly, "of a composite key only the first column is compared")                 \
  X(kKeyThirdColumnIgnored, "the third column of a key is not compared")                         \
  X(kKeyTextsJoined, "texts of a key are joined without their lengths")                          \
  X(kKeyPicosecondsCut, "of a TIMESTAMP(12) in a key only the microseconds are compared")        \
  X(kAlterDropsPending, "a change of the columns drops what is not applied yet")                 \
  X(kAlterForgetsDeletes, "a change of the columns forgets deletes")                             \
  X(kNullKeyNeverMatches, "a NULL in a key matches nothing")                                     \
  X(kPendingReversedOnRestart, "a restart reads pending changes in reverse order")               \
  X(kAppliedReadAgainAfterKill,                                                                  \
    "rows that a kill left in the delta although they were applied are pending again")           \
  X(kIngestBackwardsOnRestart, "after a restart ingest times start again at the clock")

enum class Mutant : uint8_t {
#define BQCDC_MUTANT_NAME(name, text) name,
  BQCDC_MUTANT_LIST(BQCDC_MUTANT_NAME)
#undef BQCDC_MUTANT_NAME
};

inline constexpr int kMutantCount = 0
#define BQCDC_MUTANT_ONE(name, text) +1
    BQCDC_MUTANT_LIST(BQCDC_MUTANT_ONE)
#undef BQCDC_MUTANT_ONE
    ;

// "kTieFirstWins" and what it does wrong.
std::string_view MutantName(Mutant mutant);
std::string_view MutantText(Mutant mutant);

#ifdef BQCDC_MUTANTS
// Switches one mutant on for the whole process, or all off. Set it before Database::Open.
void SetMutant(std::optional<Mutant> mutant);
bool Mutated(Mutant mutant);
#else
constexpr bool Mutated(Mutant) { return false; }
#endif

}  // namespace bqcdc::emulator::cdc
