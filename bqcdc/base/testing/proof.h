#pragma once

#include <cstdint>

// For tests that draw at random and for long proofs. bqcdc_proof() in CMake runs one binary in two sizes: a
// sample in every run of the suite, everything under ./run_tests.sh --slow.

namespace bqcdc::base {

// The seed of this run, from BQCDC_SEED, else from the clock; printed once, so that a failure can be
// repeated.
std::uint64_t TestSeed();

// How many rounds a proof plays: `full` where BQCDC_PROOF=full is set, else `sample`.
int ProofRounds(int sample, int full);

}  // namespace bqcdc::base
