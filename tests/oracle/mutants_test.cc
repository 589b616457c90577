#include <iostream>

#include "bqcdc/base/testing/proof.h"
#include "bqcdc/emulator/cdc/mutant.h"
#include "gtest/gtest.h"
#include "tests/oracle/replay.h"

// Proof that the oracle sees: each named mistake of the engine is caught within 200 histories, or 1,000 where
// it takes a kill between two steps of an apply, which one in a hundred meets.
namespace bqcdc::oracle {
namespace {

using emulator::cdc::Mutant;

bool NeedsKill(std::optional<Mutant> mutant) { return mutant == Mutant::kAppliedReadAgainAfterKill; }

uint64_t HistoriesMax(Mutant mutant) { return NeedsKill(mutant) ? 1'000 : 200; }

// Tables of every kind; with kills, which cost a process each, where nothing else shows the mistake.
HistoryOptions HistoriesFor(std::optional<Mutant> mutant) {
  return {.typed_percent = 70, .altered_percent = 50, .killed_percent = NeedsKill(mutant) ? 100 : 0};
}

class MutantTest : public testing::TestWithParam<int> {
 protected:
  void TearDown() override { emulator::cdc::SetMutant(std::nullopt); }
};

TEST_P(MutantTest, IsCaught) {
  const Mutant mutant = static_cast<Mutant>(GetParam());
  const uint64_t first = base::TestSeed();
  emulator::cdc::SetMutant(mutant);
  Replayer replayer({});
  for (uint64_t i = 0; i < HistoriesMax(mutant); ++i) {
    const auto difference = replayer.Run(MakeHistory(first + i, HistoriesFor(mutant)));
    if (difference.ok() && !difference->has_value()) continue;
    std::cout << "  " << emulator::cdc::MutantName(mutant) << ": caught by history " << i + 1 << "\n";
    return;
  }
  FAIL() << "BQCDC_SEED=" << first << ": not caught within " << HistoriesMax(mutant)
         << " histories: " << emulator::cdc::MutantText(mutant);
}

INSTANTIATE_TEST_SUITE_P(Mutants, MutantTest, testing::Range(0, emulator::cdc::kMutantCount),
                         [](const testing::TestParamInfo<int>& info) {
                           return std::string(emulator::cdc::MutantName(static_cast<Mutant>(info.param)));
                         });

// Without a mutant the same binary agrees: what is caught above is the mutant, not the variant of the
// library.
TEST(Mutants, NoMutantNoDifference) {
  Replayer replayer({});
  for (uint64_t i = 0; i < 20; ++i) {
    const auto difference = replayer.Run(MakeHistory(base::TestSeed() + i, HistoriesFor(std::nullopt)));
    ASSERT_TRUE(difference.ok()) << difference.status();
    EXPECT_FALSE(difference->has_value()) << **difference;
  }
}

}  // namespace
}  // namespace bqcdc::oracle
