#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

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
// Of the machine; with a slow clock too a history takes a few seconds.
constexpr absl::Duration kStuckAfter = absl::Seconds(20);

std::vector<std::string> Problems(std::uint64_t seed) {
  RunOptions options;
  options.checkpoint = true;
  options.stuck_after = kStuckAfter;
  const StreamHistory history = MakeStreamHistory(seed);
  if (RunStreamHistory(history, options).problems.empty()) return {};
  options.clock_patience = kSecondPatience;
  return RunStreamHistory(history, options).problems;
}

struct Caught {
  int history = 0;  // from 1
  std::string problem;
};

// The first history in order that shows a problem, of those that were lived until one did.
std::optional<Caught> FindProblem(std::uint64_t first, int count) {
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
          if (caught.has_value() || next == count) return;
          number = ++next;
        }
        const std::vector<std::string> problems = Problems(first + static_cast<std::uint64_t>(number - 1));
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
  const std::optional<Caught> caught = FindProblem(first, kHistoriesMax);
  ASSERT_TRUE(caught.has_value()) << "BQCDC_SEED=" << first << ": not caught within " << kHistoriesMax
                                  << " histories: " << write::MutantText(mutant);
  std::cout << "  " << write::MutantName(mutant) << ": caught by history " << caught->history << ": "
            << caught->problem.substr(0, caught->problem.find('\n')) << "\n";
}

INSTANTIATE_TEST_SUITE_P(Mutants, WriterMutantTest, ::testing::Range(0, write::kMutantCount),
                         [](const ::testing::TestParamInfo<int>& info) {
                           return std::string(write::MutantName(static_cast<write::Mutant>(info.param)));
                         });

// What is caught above is the mutant, not the variant of the library.
TEST(WriterMutants, NoMutantNoProblem) {
  const std::uint64_t first = base::TestSeed();
  const std::optional<Caught> caught = FindProblem(first, kHistoriesMax);
  EXPECT_FALSE(caught.has_value()) << "BQCDC_SEED=" << first + static_cast<std::uint64_t>(caught->history - 1)
                                   << ": " << caught->problem;
}

}  // namespace
}  // namespace bqcdc::misbehaving
