#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Named mistakes of the writer that the fault histories must catch (tests/misbehaving_service). In the
// product `Mutated` is a constant false and costs nothing. The libraries `bqcdc_encode_mutants`,
// `bqcdc_write_mutants` and `bqcdc_pipeline_mutants` are the same sources compiled with
// BQCDC_WRITER_MUTANTS: there one mutant at a time can be switched on. A test program links either variant,
// never both. Here, since all of the writer stands on this folder.
namespace bqcdc::encode {

#define BQCDC_WRITER_MUTANT_LIST(X)                                                                     \
  X(kResendsNewestFirst, "what is unanswered at the end of a call goes again in reverse order")         \
  X(kTakesUnansweredForStored, "what was sent and is unanswered at the end of a call counts as stored") \
  X(kAnswersNewestFirst, "an answer is taken for that of the newest request")                           \
  X(kSchemaOnFirstCallOnly, "a call that is opened again is not told the schema")                       \
  X(kOpensWithoutAsking, "a call is opened again without a look at the table")                          \
  X(kWindowOneMore, "one request more than the window is under way")                                    \
  X(kHalfSettlesAll, "of a halved request the second half counts as stored")                            \
  X(kGoodRowsOfRefusedDropped, "the good rows of a refused request count as stored")                    \
  X(kIndexesOfBatch, "indexes of bad rows are taken for places in the batch, not in the request")       \
  X(kAbortedTakenForStored, "a request that failed behind another counts as stored")                    \
  X(kLaneChangeWithoutBarrier, "rows change lanes before those of the old lanes are settled")           \
  X(kLaneOfRow, "the lane is chosen by key and number, not by the key")                                 \
  X(kHashInLineOrder, "the hash of a key takes its columns in the order of the line")                   \
  X(kHashOfSpelling, "the hash of a key is that of its text in the line")                               \
  X(kHashBeyondKey, "the hash of a key covers the columns beside the key")                              \
  X(kHashLeavesColumnOut, "the hash of a key leaves its last column out")                               \
  X(kTiesUnderWayTogether, "rows with equal key and number are under way together")                     \
  X(kTiesShareBatch, "rows with equal key and number share a request")                                  \
  X(kPassingErrorsSetRowsAside, "row details under a passing fault set rows aside")                     \
  X(kUnknownSchemaTakenForRows, "a refusal behind a refused schema counts as one of the rows")          \
  X(kNewSchemaForOldBatch, "rows go under the schema of newer ones behind them")                        \
  X(kProgressBeyondGap, "progress is what was read last, whatever is not settled before it")

enum class Mutant : std::uint8_t {
#define BQCDC_WRITER_MUTANT_NAME(name, text) name,
  BQCDC_WRITER_MUTANT_LIST(BQCDC_WRITER_MUTANT_NAME)
#undef BQCDC_WRITER_MUTANT_NAME
};

inline constexpr int kMutantCount = 0
#define BQCDC_WRITER_MUTANT_ONE(name, text) +1
    BQCDC_WRITER_MUTANT_LIST(BQCDC_WRITER_MUTANT_ONE)
#undef BQCDC_WRITER_MUTANT_ONE
    ;

#ifdef BQCDC_WRITER_MUTANTS
// "kLaneOfRow" and what it does wrong.
std::string_view MutantName(Mutant mutant);
std::string_view MutantText(Mutant mutant);

// Switches one mutant on for the whole process, or all off. Not while a writer runs.
void SetMutant(std::optional<Mutant> mutant);
bool Mutated(Mutant mutant);

// For kHashOfSpelling: texts of key values of the row that this thread encodes, and all of them at its end.
void NoteKeySpelling(std::string_view text);
std::string TakeKeySpelling();
#else
constexpr bool Mutated(Mutant) { return false; }
inline void NoteKeySpelling(std::string_view) {}
inline std::string TakeKeySpelling() { return {}; }
#endif

}  // namespace bqcdc::encode
