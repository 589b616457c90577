#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/testing/proof.h"
#include "bqcdc/write/mutant.h"
#include "tests/misbehaving_service/stream_history.h"

// Proof that the fault histories see: each named mistake of the writer, compiled into it, is caught within
// 200 histories, and without one the same binary passes the same histories.
namespace bqcdc::misbehaving {
namespace {

constexpr int kHistoriesMax = 200;
// Most of a history is waiting for the machine.
constexpr int kHistoriesAtOnce = 12;
// On a busy machine the clock may jump too far, and a history fails without a mistake. So only what fails
// with a clock that waits much longer counts.
constexpr int kSecondPatience = 40;
// Of the machine: a history takes a fraction of a second, with a slow clock a few. Some mistakes leave a run
// that never ends; without one it gets more time than it can need.
constexpr absl::Duration kStuckFirst = absl::Seconds(5), kStuckSecond = absl::Seconds(50);

std::vector<std::string> Problems(const StreamHistory& history, bool mutant) {
  RunOptions options;
  options.checkpoint = true;
  options.stuck_after = kStuckFirst;
  if (RunStreamHistory(history, options).problems.empty()) return {};
  options.clock_patience = kSecondPatience;
  options.stuck_after = mutant ? 2 * kStuckFirst : kStuckSecond;
  return RunStreamHistory(history, options).problems;
}

struct Caught {
  int history = 0;  // from 1
  std::string problem;
};

// So that a request goes again while others are under way.
bool RefusesForAWhile(const Script& script) {
  return script.Has(FaultKind::kOverload) || script.Has(FaultKind::kQuota) ||
         script.Has(FaultKind::kPriorFailure) || script.Has(FaultKind::kDraining) ||
         script.Has(FaultKind::kMissingTable) || script.Has(FaultKind::kSchemaLag);
}

// Whether a history can show the mistake at all. Most are plain to see in any; these need what is rare.
bool CanShow(std::optional<write::Mutant> mutant, const StreamHistory& history) {
  if (!mutant.has_value()) return true;
  switch (*mutant) {
    case write::Mutant::kOpensWithoutAsking:
      return history.script.Has(FaultKind::kTableRecreated) || history.script.Has(FaultKind::kTableTaken);
    case write::Mutant::kAbortedTakenForStored:
      return history.script.Has(FaultKind::kPriorFailure);
    case write::Mutant::kLaneChangeWithoutBarrier:
      return history.limits.connections > 1 && RefusesForAWhile(history.script);
    case write::Mutant::kLaneOfRow:
      return history.limits.connections > 1;
    case write::Mutant::kTiesUnderWayTogether:
    case write::Mutant::kTiesShareBatch:
      return history.own_numbers;
    case write::Mutant::kNewSchemaForOldBatch:
      return history.script.Has(FaultKind::kSchemaUpdated);
    case write::Mutant::kPassingErrorsSetRowsAside:
      return history.script.Has(FaultKind::kOverload);
    default:
      return true;
  }
}

std::vector<InputChange> MakeTies(int lines) {
  std::vector<InputChange> input;
  for (int line = 1; line <= lines; ++line) {
    const std::string number = absl::AsciiStrToUpper(absl::StrCat(absl::Hex(1 + line / 2), "/0/0/0"));
    oracle::Row row;
    row.key.id = line / 2;  // Each key ends with its pair, so that it shows.
    row.value = line;
    row.note = "n";
    row.sequence = number;
    input.push_back({absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", *row.key.id, R"(,"value":)", line,
                                  R"(,"note":"n","_CHANGE_SEQUENCE_NUMBER":")", number, "\"}"),
                     row, ""});
  }
  return input;
}

std::vector<StreamHistory> ChooseHistories(std::optional<write::Mutant> mutant, std::uint64_t first) {
  std::vector<StreamHistory> histories;
  for (std::uint64_t seed = first; static_cast<int>(histories.size()) < kHistoriesMax; ++seed) {
    StreamHistory history = MakeStreamHistory(seed);
    if (!CanShow(mutant, history)) continue;
    const StreamLimits many = {.batch_rows = 1, .requests_in_flight = 6, .batches = 16, .connections = 4};
    if (mutant == write::Mutant::kLaneChangeWithoutBarrier) history.limits = many;
    if (mutant == write::Mutant::kTiesUnderWayTogether) {
      // Pairs of rows with equal numbers; the first of some is refused and the second is not.
      history.limits = many;
      history.limits.connections = 1;
      history.input = MakeTies(40);
      history.script.faults.clear();
      for (std::int64_t at = 1; at < 40; at += 3)
        history.script.faults.push_back({.kind = FaultKind::kOverload, .at = at, .variant = 1});
    }
    if (mutant == write::Mutant::kTiesShareBatch) {
      history.input = MakeTies(40);
      history.limits.batch_rows = 4;
      history.script.habits.shuffles_rows = true;
    }
    histories.push_back(std::move(history));
  }
  return histories;
}

// The first history in order that shows a problem, of those that were lived until one did.
std::optional<Caught> FindProblem(const std::vector<StreamHistory>& histories, bool mutant) {
  absl::Mutex mutex;
  int next = 0;
  std::optional<Caught> caught;
  std::vector<std::thread> threads;
  for (int i = 0; i < kHistoriesAtOnce; ++i) {
    threads.emplace_back([&] {
      for (;;) {
        int number = 0;
        {
          absl::MutexLock lock(&mutex);
          if (caught.has_value() || next == static_cast<int>(histories.size())) return;
          number = ++next;
        }
        const std::vector<std::string> problems =
            Problems(histories[static_cast<std::size_t>(number - 1)], mutant);
        if (problems.empty()) continue;
        absl::MutexLock lock(&mutex);
        if (!caught.has_value() || number < caught->history) caught = Caught{number, problems.front()};
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return caught;
}

class WriterMutantTest : public ::testing::TestWithParam<int> {
 protected:
  void TearDown() override { write::SetMutant(std::nullopt); }
};

TEST_P(WriterMutantTest, IsCaught) {
  const auto mutant = static_cast<write::Mutant>(GetParam());
  const std::uint64_t first = base::TestSeed();
  write::SetMutant(mutant);
  const std::optional<Caught> caught = FindProblem(ChooseHistories(mutant, first), true);
  ASSERT_TRUE(caught.has_value()) << "BQCDC_SEED=" << first << ": not caught within " << kHistoriesMax
                                  << " histories: " << write::MutantText(mutant);
  std::cout << "  " << write::MutantName(mutant) << ": caught by history " << caught->history << ": "
            << caught->problem.substr(0, caught->problem.find('\n')) << "\n";
}

INSTANTIATE_TEST_SUITE_P(Mutants, WriterMutantTest, ::testing::Range(0, write::kMutantCount),
                         [](const ::testing::TestParamInfo<int>& info) {
                           return std::string(write::MutantName(static_cast<write::Mutant>(info.param)));
                         });

// What is caught above is the mutant, not the variant of the library or the choice of histories.
TEST(WriterMutants, NoMutantNoProblem) {
  const std::uint64_t first = base::TestSeed();
  for (const write::Mutant chosen : {write::Mutant::kLaneChangeWithoutBarrier,
                                     write::Mutant::kTiesUnderWayTogether, write::Mutant::kTiesShareBatch}) {
    const std::optional<Caught> caught = FindProblem(ChooseHistories(chosen, first), false);
    EXPECT_FALSE(caught.has_value()) << "BQCDC_SEED=" << first << ", histories for "
                                     << write::MutantName(chosen) << ", number " << caught->history << ": "
                                     << caught->problem;
  }
  const std::optional<Caught> caught = FindProblem(ChooseHistories(std::nullopt, first), false);
  EXPECT_FALSE(caught.has_value()) << "BQCDC_SEED=" << first + static_cast<std::uint64_t>(caught->history - 1)
                                   << ": " << caught->problem;
}

}  // namespace
}  // namespace bqcdc::misbehaving
