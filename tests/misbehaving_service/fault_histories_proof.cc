#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/testing/proof.h"
#include "tests/misbehaving_service/histories_at_once.h"
#include "tests/misbehaving_service/stream_history.h"

// Many random histories of the streamer against the misbehaving service, each with everything that must hold.
namespace bqcdc::misbehaving {
namespace {

constexpr int kShownMax = 5;
// A history's clock jumps when nothing happens for a moment of the machine's time. Where the machine has much
// else to do it may jump too far, and patience runs out that should not. So a history with a problem is lived
// again, with a clock that waits much longer; what it shows then counts. How often that was needed is told
// and bounded.
constexpr int kSecondPatience = 40;

class FaultHistories : public ::testing::Test {
 protected:
  void LiveOne(std::uint64_t seed) {
    const StreamHistory history = MakeStreamHistory(seed);
    StreamFindings findings = RunStreamHistory(history);
    const bool again = !findings.problems.empty();
    if (again) {
      RunOptions patient;
      patient.clock_patience = kSecondPatience;
      findings = RunStreamHistory(history, patient);
    }
    absl::MutexLock lock(&mutex_);
    lived_again_ += again;
    for (const auto& [kind, count] : findings.struck) struck_[kind] += count;
    halted_ += findings.halted;
    requests_ += findings.requests;
    calls_ += findings.calls;
    resent_ += findings.rows_resent;
    late_ += findings.late_appends;
    dead_letters_ += findings.dead_letters;
    ties_ += findings.ties;
    repeats_ += findings.repeats;
    repeats_forgotten_ += findings.repeats_forgotten;
    if (findings.elapsed > longest_) longest_seed_ = seed;
    longest_ = std::max(longest_, findings.elapsed);
    if (!findings.problems.empty()) failed_.emplace(seed, findings.problems);
  }

  absl::Mutex mutex_;
  std::map<FaultKind, std::int64_t> struck_;
  std::int64_t halted_ = 0, requests_ = 0, calls_ = 0, resent_ = 0, late_ = 0, dead_letters_ = 0, ties_ = 0,
               repeats_ = 0, repeats_forgotten_ = 0, lived_again_ = 0;
  absl::Duration longest_;
  std::uint64_t longest_seed_ = 0;
  std::map<std::uint64_t, std::vector<std::string>> failed_;
};

TEST_F(FaultHistories, EndAsTheOracleSays) {
  const std::uint64_t first = base::TestSeed();
  const char* asked = std::getenv("BQCDC_HISTORIES");
  const int count = asked != nullptr ? std::atoi(asked) : base::ProofRounds(2'000, 20'000);
  LiveAtOnce(first, count, [this](std::uint64_t seed) { LiveOne(seed); });
  std::cout << count << " histories: " << requests_ << " requests, " << calls_ << " calls, " << resent_
            << " rows sent again, " << late_ << " late appends, " << dead_letters_ << " dead letters, "
            << ties_ << " ties, " << repeats_ << " repeated (" << repeats_forgotten_
            << " of them when the service had forgotten the numbers), " << halted_ << " halted, "
            << lived_again_ << " lived again with a slower clock, longest " << absl::FormatDuration(longest_)
            << " of its own time (" << longest_seed_ << ")\n";
  for (int kind = 0; kind < kFaultKindCount; ++kind) {
    std::cout << "  " << FaultName(static_cast<FaultKind>(kind)) << ": "
              << struck_[static_cast<FaultKind>(kind)] << "\n";
    // A fault that never strikes proves nothing.
    EXPECT_GE(struck_[static_cast<FaultKind>(kind)], count / 100) << FaultName(static_cast<FaultKind>(kind));
  }
  EXPECT_LE(longest_, absl::Hours(6)) << "history " << longest_seed_;
  EXPECT_GE(resent_, count);
  EXPECT_GE(late_, count / 100);
  EXPECT_GE(dead_letters_, count);
  EXPECT_GE(ties_, count / 2);
  EXPECT_GE(repeats_, count / 20);
  EXPECT_GE(repeats_forgotten_, count / 100);
  EXPECT_GE(halted_, count / 50);
  EXPECT_LE(lived_again_, count / 50);
  int shown = 0;
  for (const auto& [seed, problems] : failed_) {
    std::string text = absl::StrCat("BQCDC_SEED=", seed, " BQCDC_HISTORIES=1 repeats this\n");
    for (const std::string& problem : problems) absl::StrAppend(&text, "  ", problem, "\n");
    if (++shown <= kShownMax) absl::StrAppend(&text, Print(Shrink(MakeStreamHistory(seed))));
    ADD_FAILURE() << text;
  }
}

}  // namespace
}  // namespace bqcdc::misbehaving
