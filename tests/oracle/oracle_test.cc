#include <cstdlib>
#include <iostream>

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "tests/oracle/replay.h"

// Random histories on the engine and on the oracle. BQCDC_SEED repeats a run, BQCDC_HISTORIES sets how many.
namespace bqcdc::oracle {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

// Seeds differ from run to run, so that many runs see many histories; the one at hand is printed.
uint64_t FirstSeed() {
  static const uint64_t seed = FromEnvironment("BQCDC_SEED", static_cast<uint64_t>(time(nullptr)) * 100'000);
  return seed;
}

void ReportCounter(const char* name, int64_t count, int64_t at_least) {
  std::cout << "  " << name << ": " << count << "\n";
  EXPECT_GE(count, at_least) << name << ": the histories hardly met this case, so they prove little about it";
}

void ReportCounters(const Counters& counters, int64_t histories, bool may_be_stale) {
  ReportCounter("late losers", counters.late_losers, histories);
  ReportCounter("tombstone hits", counters.tombstone_hits, histories / 2);
  ReportCounter("tombstones expired", counters.tombstones_expired, histories / 10);
  ReportCounter("edges of 48 h after a DELETE, +-1 us", counters.forget_edges, histories / 25);
  ReportCounter("ties", counters.ties, histories / 2);
  ReportCounter("ties within a request", counters.ties_in_request, histories / 50);
  ReportCounter("plain rows replaced", counters.plain_replaced, histories / 10);
  if (may_be_stale)
    ReportCounter("edges of the staleness window, +-1 us", counters.stale_edges, histories / 2);
  if (may_be_stale) ReportCounter("stale queries that hide changes", counters.stale_queries, histories / 2);
  ReportCounter("merges on read", counters.merges, histories);
  ReportCounter("applies", counters.applies, histories);
  ReportCounter("restarts", counters.restarts, histories / 2);
  ReportCounter("changes of NULL keys", counters.null_keys, histories / 10);
}

void RunHistories(uint64_t histories, const ReplayOptions& options, const HistoryOptions& history_options) {
  std::cout << "BQCDC_SEED=" << FirstSeed() << ", " << histories << " histories\n";
  Counters counters;
  std::unique_ptr<Replayer> replayer;
  for (uint64_t i = 0; i < histories; ++i) {
    if (i % 10 == 0) {  // a young directory, so that restarts stay quick: its dropped tables slow them down
      if (replayer) counters.Add(replayer->counters());
      replayer = std::make_unique<Replayer>(options);
    }
    const History history = MakeHistory(FirstSeed() + i, history_options);
    auto difference = replayer->Run(history);
    if (difference.ok() && !difference->has_value()) continue;
    const History small = Shrink(history, options);
    Replayer again(options);
    auto shrunk = again.Run(small);
    FAIL() << "history of seed " << history.seed << ": "
           << (difference.ok() ? **difference : std::string(difference.status().message()))
           << "\nshrunk to:\n"
           << Print(small)
           << (shrunk.ok() ? shrunk->value_or("(does not fail alone)")
                           : std::string(shrunk.status().message()));
  }
  counters.Add(replayer->counters());
  ReportCounters(counters, static_cast<int64_t>(histories), !history_options.shuffled_ties);
}

TEST(Oracle, RandomHistories) { RunHistories(FromEnvironment("BQCDC_HISTORIES", 2'000), {}, {}); }

TEST(Oracle, RandomHistoriesWithTiesShuffled) {
  ReplayOptions options;
  options.cdc.shuffle_ties = true;
  options.cdc.shuffle_seed = FirstSeed();
  RunHistories(FromEnvironment("BQCDC_HISTORIES", 2'000) / 8, options, {.shuffled_ties = true});
}

TEST(Oracle, RandomHistoriesWithForgottenSequences) {
  ReplayOptions options;
  options.cdc.forget_sequences_after = absl::Hours(48);
  RunHistories(FromEnvironment("BQCDC_HISTORIES", 2'000) / 8, options, {});
}

}  // namespace
}  // namespace bqcdc::oracle
