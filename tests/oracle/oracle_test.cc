#include "bqcdc/base/testing/proof.h"
#include "gtest/gtest.h"
#include "tests/oracle/many_histories.h"

// Random histories of one fixed table, in the friendly and in the nasty readings of the documentation.
namespace bqcdc::oracle {
namespace {

TEST(Oracle, RandomHistories) { PlayHistories(HistoryCount(1'500), {}, {.altered_percent = 40}); }

TEST(Oracle, RandomHistoriesWithTiesShuffled) {
  ReplayOptions options;
  options.cdc.shuffle_ties = true;
  options.cdc.shuffle_seed = base::TestSeed();
  PlayHistories(HistoryCount(500), options, {.shuffled_ties = true});
}

TEST(Oracle, RandomHistoriesWithForgottenSequences) {
  ReplayOptions options;
  options.cdc.forget_sequences_after = absl::Hours(48);
  PlayHistories(HistoryCount(500), options, {});
}

}  // namespace
}  // namespace bqcdc::oracle
