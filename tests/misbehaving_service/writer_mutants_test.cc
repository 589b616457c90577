#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/testing/proof.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/encode/mutant.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/write/row_batch.h"
#include "tests/misbehaving_service/stream_history.h"

// Proof that the fault histories see: each named mistake of the writer, compiled into it, is caught within
// 200 histories, and without one the same binary passes the same histories.
namespace bqcdc::misbehaving {
namespace {

constexpr int kHistoriesMax = 200;
// Most of a history is waiting for the machine.
constexpr int kHistoriesAtOnce = 12;
// On a busy machine the clock may jump too far, and a history fails without a mistake. So only what fails
// with a clock that waits much longer counts; not as long with a mistake, some of which leave a run that
// jumps on until its limit.
constexpr int kSecondPatience = 4, kSecondPatienceWithoutMutant = 40;

std::vector<std::string> Problems(const StreamHistory& history, bool mutant) {
  RunOptions options;
  options.checkpoint = true;
  options.may_be_stuck = mutant;  // Some leave a run that never ends.
  if (RunStreamHistory(history, options).problems.empty()) return {};
  options.clock_patience = mutant ? kSecondPatience : kSecondPatienceWithoutMutant;
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
bool CanShow(std::optional<encode::Mutant> mutant, const StreamHistory& history) {
  if (!mutant.has_value()) return true;
  switch (*mutant) {
    case encode::Mutant::kOpensWithoutAsking:
      return history.script.Has(FaultKind::kTableRecreated) || history.script.Has(FaultKind::kTableTaken);
    case encode::Mutant::kAbortedTakenForStored:
      return history.script.Has(FaultKind::kPriorFailure);
    case encode::Mutant::kLaneChangeWithoutBarrier:
      return history.limits.connections > 1 && RefusesForAWhile(history.script);
    case encode::Mutant::kLaneOfRow:
    case encode::Mutant::kHashBeyondKey:
      return history.limits.connections > 1;
    case encode::Mutant::kHashInLineOrder:
      return history.limits.connections > 1 && history.key_columns.size() > 1;
    case encode::Mutant::kHashOfSpelling:  // With several columns it would be their order, too.
      return history.limits.connections > 1 && history.key_columns.size() == 1;
    case encode::Mutant::kTiesUnderWayTogether:
    case encode::Mutant::kTiesShareBatch:
      return history.own_numbers;
    case encode::Mutant::kNewSchemaForOldBatch:
      return history.script.Has(FaultKind::kSchemaUpdated);
    case encode::Mutant::kUnknownSchemaTakenForRows:
      return history.limits.requests_in_flight > 1 && history.script.Has(FaultKind::kSchemaLag);
    case encode::Mutant::kPassingErrorsSetRowsAside:
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

std::vector<StreamHistory> ChooseHistories(std::optional<encode::Mutant> mutant, std::uint64_t first) {
  std::vector<StreamHistory> histories;
  for (std::uint64_t seed = first; static_cast<int>(histories.size()) < kHistoriesMax; ++seed) {
    StreamHistory history = MakeStreamHistory(seed);
    if (!CanShow(mutant, history)) continue;
    // MakeTies() has keys of one column.
    if (mutant == encode::Mutant::kTiesUnderWayTogether || mutant == encode::Mutant::kTiesShareBatch)
      history.key_columns = {"id"};
    const StreamLimits many = {.batch_rows = 1, .requests_in_flight = 6, .batches = 16, .connections = 4};
    if (mutant == encode::Mutant::kLaneChangeWithoutBarrier) history.limits = many;
    if (mutant == encode::Mutant::kTiesUnderWayTogether) {
      // Pairs of rows with equal numbers; the first of some is refused and the second is not.
      history.limits = many;
      history.limits.connections = 1;
      history.input = MakeTies(40);
      history.script.faults.clear();
      for (std::int64_t at = 1; at < 40; at += 3)
        history.script.faults.push_back({.kind = FaultKind::kOverload, .at = at, .variant = 1});
    }
    if (mutant == encode::Mutant::kTiesShareBatch) {
      history.input = MakeTies(40);
      history.limits.batch_rows = 4;
      history.script.habits.shuffles_rows = true;
    }
    histories.push_back(std::move(history));
  }
  return histories;
}

// Rows whose keys are equal in all columns but one go evenly over any number of connections, whichever column
// that is and in whatever order the key has them. A column that is left out of the hash makes no table wrong,
// so no history tells. Returns what is wrong; empty = nothing.
std::string ProblemOfSpread() {
  constexpr int kRows = 4000;
  constexpr double kFullestMax = 1.25;  // times an even share; chance alone makes 1.15 of it at most
  std::vector<std::string> key = {"day", "id", "region"};
  do {
    const auto plan = encode::EncodePlan::Create(
        {*schema::ParseInlineSchema("id:INT64,value:INT64,region:STRING,day:DATE"), key});
    encode::JsonRowEncoder encoder(*plan, {});
    for (int differs = 0; differs < 3; ++differs) {
      encode::EncodedRows rows;
      for (int i = 0; i < kRows; ++i) {
        const encode::OwnedLine line(absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", differs == 0 ? i : 7,
                                                  R"(,"region":"r)", differs == 1 ? i : 7, R"(","day":)",
                                                  differs == 2 ? i : 7, "}"));
        if (encoder.EncodeLine(line.line(), {}, &rows) != encode::EncodeError::kNone) return "no row";
      }
      for (std::size_t lanes = 2; lanes <= 8; ++lanes) {
        std::vector<int> counts(lanes);
        for (std::size_t i = 0; i < rows.row_count(); ++i)
          ++counts[write::LaneOfKey(rows.facts(i).key_hash, lanes)];
        const int fullest = *std::max_element(counts.begin(), counts.end());
        if (fullest > kFullestMax * kRows / static_cast<double>(lanes)) {
          return absl::StrCat("key (", absl::StrJoin(key, ", "), "), rows that differ in column ",
                              differs + 1, ": one of ", lanes, " lanes has ", fullest, " of ", kRows,
                              " rows");
        }
      }
    }
  } while (std::next_permutation(key.begin(), key.end()));
  return "";
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
  void TearDown() override { encode::SetMutant(std::nullopt); }
};

TEST_P(WriterMutantTest, IsCaught) {
  const auto mutant = static_cast<encode::Mutant>(GetParam());
  const std::uint64_t first = base::TestSeed();
  encode::SetMutant(mutant);
  if (mutant == encode::Mutant::kHashLeavesColumnOut) {
    const std::string problem = ProblemOfSpread();
    ASSERT_FALSE(problem.empty()) << "not caught: " << encode::MutantText(mutant);
    std::cout << "  " << encode::MutantName(mutant) << ": caught: " << problem << "\n";
    return;
  }
  const std::optional<Caught> caught = FindProblem(ChooseHistories(mutant, first), true);
  ASSERT_TRUE(caught.has_value()) << "BQCDC_SEED=" << first << ": not caught within " << kHistoriesMax
                                  << " histories: " << encode::MutantText(mutant);
  std::cout << "  " << encode::MutantName(mutant) << ": caught by history " << caught->history << ": "
            << caught->problem.substr(0, caught->problem.find('\n')) << "\n";
}

INSTANTIATE_TEST_SUITE_P(Mutants, WriterMutantTest, ::testing::Range(0, encode::kMutantCount),
                         [](const ::testing::TestParamInfo<int>& info) {
                           return std::string(encode::MutantName(static_cast<encode::Mutant>(info.param)));
                         });

// What is caught above is the mutant, not the variant of the library or the choice of histories.
TEST(WriterMutants, NoMutantNoProblem) {
  EXPECT_EQ(ProblemOfSpread(), "");
  const std::uint64_t first = base::TestSeed();
  for (const encode::Mutant chosen :
       {encode::Mutant::kHashInLineOrder, encode::Mutant::kLaneChangeWithoutBarrier,
        encode::Mutant::kTiesUnderWayTogether, encode::Mutant::kTiesShareBatch}) {
    const std::optional<Caught> caught = FindProblem(ChooseHistories(chosen, first), false);
    EXPECT_FALSE(caught.has_value()) << "BQCDC_SEED=" << first << ", histories for "
                                     << encode::MutantName(chosen) << ", number " << caught->history << ": "
                                     << caught->problem;
  }
  const std::optional<Caught> caught = FindProblem(ChooseHistories(std::nullopt, first), false);
  EXPECT_FALSE(caught.has_value()) << "BQCDC_SEED=" << first + static_cast<std::uint64_t>(caught->history - 1)
                                   << ": " << caught->problem;
}

}  // namespace
}  // namespace bqcdc::misbehaving
