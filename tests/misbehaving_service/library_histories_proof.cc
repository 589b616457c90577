#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/testing/proof.h"
#include "tests/misbehaving_service/histories_at_once.h"
#include "tests/misbehaving_service/library_history.h"

// Many random histories of programs that write with the library against the misbehaving service, each with
// everything that must hold.
namespace bqcdc::misbehaving {
namespace {

constexpr int kShownMax = 5;
// A history with a problem is lived again with a clock that waits longer, as in fault_histories_proof; what
// it shows then counts. How often that was needed is told and bounded.
constexpr int kSecondPatience = 40;

class LibraryHistories : public ::testing::Test {
 protected:
  void LiveOne(std::uint64_t seed) {
    const LibraryHistory history = MakeLibraryHistory(seed);
    LibraryFindings findings = RunLibraryHistory(history);
    const bool again = !findings.problems.empty();
    const std::string why = again ? findings.problems.front() : "";
    if (again) findings = RunLibraryHistory(history, {.clock_patience = kSecondPatience});
    absl::MutexLock lock(&mutex_);
    lived_again_ += again;
    if (again) std::cout << "  lived again: " << seed << ": " << why.substr(0, why.find('\n')) << "\n";
    for (const auto& [kind, count] : findings.struck) struck_[kind] += count;
    halted_ += findings.halted;
    for (const Counter& counter : kCounters) counts_[counter.name] += findings.*counter.value;
    if (findings.elapsed > longest_) longest_seed_ = seed;
    longest_ = std::max(longest_, findings.elapsed);
    if (!findings.problems.empty()) failed_.emplace(seed, findings.problems);
  }

  // What must have happened, at least so often in 1,000 histories.
  struct Counter {
    const char* name;
    std::int64_t LibraryFindings::*value;
    int per_1000;
  };
  static constexpr Counter kCounters[] = {
      {"requests", &LibraryFindings::requests, 5000},
      {"calls", &LibraryFindings::calls, 1500},
      {"rows sent again", &LibraryFindings::rows_resent, 1000},
      {"late appends", &LibraryFindings::late_appends, 5},
      {"rows set aside", &LibraryFindings::set_aside, 500},
      {"answers", &LibraryFindings::answered, 5000},
      {"answers that a row was refused", &LibraryFindings::answered_refused, 500},
      {"answers that nobody knows", &LibraryFindings::answered_unknown, 100},
      {"appends without room", &LibraryFindings::no_room, 100},
      {"appends that came too late", &LibraryFindings::too_late, 5},
      {"tables that got a column", &LibraryFindings::evolved, 100},
      {"interrupted", &LibraryFindings::interrupted, 150},
      {"lines appended after that", &LibraryFindings::appended_again, 500},
      {"repeats", &LibraryFindings::repeats, 50},
  };

  absl::Mutex mutex_;
  std::map<FaultKind, std::int64_t> struck_;
  std::map<std::string, std::int64_t> counts_;
  std::int64_t halted_ = 0, lived_again_ = 0;
  absl::Duration longest_;
  std::uint64_t longest_seed_ = 0;
  std::map<std::uint64_t, std::vector<std::string>> failed_;
};

TEST_F(LibraryHistories, EndAsTheOracleSays) {
  const std::uint64_t first = base::TestSeed();
  const char* asked = std::getenv("BQCDC_HISTORIES");
  const int count = asked != nullptr ? std::atoi(asked) : base::ProofRounds(600, 10'000);
  LiveAtOnce(first, count, [this](std::uint64_t seed) { LiveOne(seed); });
  std::cout << count << " histories: " << halted_ << " halted, " << lived_again_
            << " lived again with a slower clock, longest " << absl::FormatDuration(longest_)
            << " of its own time (" << longest_seed_ << ")\n";
  for (const Counter& counter : kCounters) {
    std::cout << "  " << counter.name << ": " << counts_[counter.name] << "\n";
    EXPECT_GE(counts_[counter.name], count * counter.per_1000 / 1000) << counter.name;
  }
  for (int kind = 0; kind < kFaultKindCount; ++kind) {
    std::cout << "  " << FaultName(static_cast<FaultKind>(kind)) << ": "
              << struck_[static_cast<FaultKind>(kind)] << "\n";
    // A fault that never strikes proves nothing.
    EXPECT_GE(struck_[static_cast<FaultKind>(kind)], count / 500) << FaultName(static_cast<FaultKind>(kind));
  }
  EXPECT_GE(halted_, count / 50);
  EXPECT_LE(lived_again_, count / 50);
  int shown = 0;
  for (const auto& [seed, problems] : failed_) {
    std::string text = absl::StrCat("BQCDC_SEED=", seed, " BQCDC_HISTORIES=1 repeats this\n");
    for (const std::string& problem : problems) absl::StrAppend(&text, "  ", problem, "\n");
    if (++shown <= kShownMax) absl::StrAppend(&text, Print(MakeLibraryHistory(seed)));
    ADD_FAILURE() << text;
  }
}

// Proof that the histories see: each mistake of a writer, played on its wire, is caught.
class LibraryWireMutants : public ::testing::TestWithParam<int> {};

TEST_P(LibraryWireMutants, AreCaught) {
  constexpr std::uint64_t kHistoriesMax = 200;
  const auto mutant = static_cast<WireMutant>(GetParam());
  for (std::uint64_t i = 0; i < kHistoriesMax; ++i) {
    const LibraryHistory history = MakeLibraryHistory(base::TestSeed() + i);
    const LibraryFindings findings = RunLibraryHistory(history, {.mutant = mutant, .clock_patience = 4});
    if (findings.problems.empty()) continue;
    std::cout << "  " << WireMutantName(mutant) << ": caught by history " << i + 1 << ": "
              << findings.problems.front().substr(0, findings.problems.front().find('\n')) << "\n";
    return;
  }
  FAIL() << "not caught within " << kHistoriesMax << " histories: " << WireMutantName(mutant);
}

INSTANTIATE_TEST_SUITE_P(Each, LibraryWireMutants, ::testing::Range(1, kWireMutantCount),
                         [](const ::testing::TestParamInfo<int>& info) {
                           return std::string(WireMutantName(static_cast<WireMutant>(info.param)));
                         });

}  // namespace
}  // namespace bqcdc::misbehaving
