#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/testing/proof.h"
#include "tests/misbehaving_service/stream_history.h"

// Each fault by its name, and the ends that a run must come to when a fault does not pass.
namespace bqcdc::misbehaving {
namespace {

// A busy machine lets the clock of a history jump too early; these few histories can afford to wait longer.
constexpr int kClockPatience = 5;

std::string Explain(const StreamHistory& history, const StreamFindings& findings) {
  std::string text;
  for (const std::string& problem : findings.problems) absl::StrAppend(&text, "  ", problem, "\n");
  return absl::StrCat(text, Print(history));
}

std::int64_t CountRefused(const StreamHistory& history) {
  return std::count_if(history.input.begin(), history.input.end(),
                       [](const InputChange& change) { return change.reason == "refused"; });
}

class FaultTest : public ::testing::TestWithParam<int> {};

TEST_P(FaultTest, LosesAndDoublesNothing) {
  const auto kind = static_cast<FaultKind>(GetParam());
  const bool late = kind == FaultKind::kHeldBack || kind == FaultKind::kStopsReading;
  // These strike only where a request has bad rows, the second where it has several.
  const bool bad_rows = kind == FaultKind::kUnnamedRefusal || kind == FaultKind::kBadRowsInWaves;
  std::int64_t struck = 0, runs = 0;
  // Neighbouring variants take each of a fault's flavours in turn.
  for (std::uint64_t seed = 1; runs < 14; ++seed) {
    StreamHistory history = MakeStreamHistory(seed);
    if (late && history.own_numbers) continue;
    if (bad_rows && CountRefused(history) < 5) continue;
    const Fault fault = {.kind = kind,
                         .at = static_cast<std::int64_t>(seed % 5),
                         .variant = static_cast<int>(runs),
                         .count = 1 + static_cast<int>(seed % 4),
                         .duration = absl::Seconds(1 + 13 * (runs % 3))};
    history.script.faults = {fault};
    const StreamFindings findings = RunStreamHistory(history, {.clock_patience = kClockPatience});
    ASSERT_TRUE(findings.problems.empty()) << Explain(history, findings);
    const auto found = findings.struck.find(kind);
    if (found != findings.struck.end()) struck += found->second;
    ++runs;
  }
  EXPECT_GE(struck, bad_rows ? 2 : 5);
}

INSTANTIATE_TEST_SUITE_P(Each, FaultTest, ::testing::Range(0, kFaultKindCount),
                         [](const ::testing::TestParamInfo<int>& info) {
                           return std::string(FaultName(static_cast<FaultKind>(info.param)));
                         });

// A history without bad rows and without ties, so that what happens is the fault's alone.
StreamHistory PlainHistory(std::vector<Fault> faults) {
  for (std::uint64_t seed = 100;; ++seed) {
    StreamHistory history = MakeStreamHistory(seed, faults);
    const auto bad = [](const InputChange& change) { return !change.reason.empty(); };
    if (history.own_numbers || history.repeats || history.limits.requests_in_flight < 3 ||
        std::any_of(history.input.begin(), history.input.end(), bad))
      continue;
    history.script.habits.latency = absl::ZeroDuration();
    return history;
  }
}

void ExpectHalt(const Fault& fault, RunOptions options, absl::Duration not_before = absl::ZeroDuration()) {
  const StreamHistory history = PlainHistory({fault});
  const StreamFindings findings = RunStreamHistory(history, options);
  EXPECT_TRUE(findings.problems.empty()) << Explain(history, findings);
  EXPECT_TRUE(findings.halted) << Print(history);
  EXPECT_GE(findings.elapsed, not_before);
  EXPECT_TRUE(absl::StrContains(findings.status.message(), options.error)) << findings.status;
}

TEST(FaultThatStays, QuotaThatDoesNotRefillInTimeHalts) {
  RunOptions options;
  options.clock_patience = kClockPatience;
  options.retry_time_max = absl::Seconds(30);
  options.error =
      "the service refused a request for 30s: Exceeds 'AppendRows throughput' quota, user_id: x (status: "
      "INSUFFICIENT_TOKENS) (a quota is used up; it refills within minutes)";
  ExpectHalt({.kind = FaultKind::kQuota, .at = 2, .duration = absl::Minutes(5)}, options);
}

TEST(FaultThatStays, AttemptsAreLimitedForRequestsAndForCalls) {
  const Fault quota = {.kind = FaultKind::kQuota, .at = 2, .duration = absl::Hours(1)};
  std::vector<Fault> overload;
  for (int at = 2; at < 40; ++at) overload.push_back({.kind = FaultKind::kOverloadEndsCall, .at = at});
  const struct {
    std::vector<Fault> faults;
    int attempts_max;
    const char* error;
  } cases[] = {
      {{quota}, 1, "the service refused a request in 1 attempt: Exceeds 'AppendRows throughput' quota"},
      {{quota}, 12, "the service refused a request in 12 attempts: Exceeds 'AppendRows throughput' quota"},
      {overload, 1, "append connection: no answer in 1 attempt: Task is overloaded"},
      {overload, 7, "append connection: no answer in 7 attempts: Task is overloaded"},
  };
  for (const auto& c : cases) {
    RunOptions options;
    options.clock_patience = kClockPatience;
    options.retry_attempts_max = c.attempts_max;
    options.error = c.error;
    StreamHistory history = PlainHistory(c.faults);
    history.limits.connections = history.limits.requests_in_flight = 1;
    const StreamFindings findings = RunStreamHistory(history, options);
    EXPECT_TRUE(findings.problems.empty()) << Explain(history, findings);
    EXPECT_TRUE(absl::StrContains(findings.status.message(), c.error)) << findings.status;
    EXPECT_EQ(findings.requests, 2 + c.attempts_max) << c.error;
  }
}

// A wait for the table or its schema is no attempt that failed.
TEST(FaultThatPasses, AttemptsDoNotLimitTheWaitForTheTable) {
  for (const FaultKind kind : {FaultKind::kSchemaLag, FaultKind::kSchemaLagEndsCall, FaultKind::kMissingTable,
                               FaultKind::kMissingTableEndsCall}) {
    RunOptions options;
    options.clock_patience = kClockPatience;
    options.retry_attempts_max = 1;
    const StreamHistory history = PlainHistory({{.kind = kind, .at = 2, .duration = absl::Minutes(3)}});
    const StreamFindings findings = RunStreamHistory(history, options);
    EXPECT_TRUE(findings.problems.empty()) << Explain(history, findings);
    EXPECT_GE(findings.elapsed, absl::Minutes(3));
  }
}

TEST(FaultThatStays, TableThatStaysMissingHalts) {
  RunOptions options;
  options.error = "the service refused a request for 10m: Permission 'TABLES_UPDATE_DATA' denied";
  ExpectHalt({.kind = FaultKind::kMissingTable, .at = 1, .duration = absl::Hours(1)}, options);
}

TEST(FaultThatStays, SchemaThatLagsTooLongHalts) {
  RunOptions options;
  options.error =
      "the service refused a request for 10m: Input schema has more fields than BigQuery schema, extra "
      "fields: "
      "'note' (the table lacks columns that we send; a column added just now is seen after minutes)";
  ExpectHalt({.kind = FaultKind::kSchemaLag, .at = 1, .duration = absl::Hours(1)}, options);
}

// Whether calls end by it or not, the patience for tables and columns counts, not the one for lost
// connections.
TEST(FaultThatStays, CallsThatAllEndForTheTableHaltAfterThePatienceForTables) {
  RunOptions options;
  options.retry_time_max = absl::Minutes(2);
  options.error = "append connection: no answer for 10m: Permission 'TABLES_UPDATE_DATA' denied";
  ExpectHalt({.kind = FaultKind::kMissingTableEndsCall, .at = 1, .duration = absl::Hours(1)}, options,
             absl::Minutes(10));
}

TEST(FaultThatStays, CallsThatAllEndForTheSchemaHaltAfterThePatienceForColumns) {
  RunOptions options;
  options.retry_time_max = absl::Minutes(2);
  options.error = "append connection: no answer for 10m: Input schema has more fields than BigQuery schema";
  ExpectHalt({.kind = FaultKind::kSchemaLagEndsCall, .at = 1, .duration = absl::Hours(1)}, options,
             absl::Minutes(10));
}

TEST(FaultThatStays, RecreatedTableHaltsAndGetsNothing) {
  RunOptions options;
  options.error = "table p.d.t was created again during the run";
  ExpectHalt({.kind = FaultKind::kTableRecreated, .at = 3}, options);
}

TEST(FaultThatStays, TakenTableHalts) {
  RunOptions options;
  options.error =
      "another run has taken over table p.d.t: this table was last written by epoch 9000000000000000000";
  ExpectHalt({.kind = FaultKind::kTableTaken, .at = 3}, options);
}

TEST(FaultThatStays, ServiceThatIsSilentOnEveryCallHaltsWithTheReason) {
  RunOptions options;
  options.clock_patience = kClockPatience;
  options.retry_time_max = absl::Minutes(5);
  options.error = "append connection: no answer for 5m: no answer within 5m";
  const StreamHistory history = PlainHistory(std::vector<Fault>(60, {.kind = FaultKind::kSilent, .at = 3}));
  StreamHistory spread = history;
  for (std::size_t i = 0; i < spread.script.faults.size(); ++i)
    spread.script.faults[i].at = 3 + static_cast<std::int64_t>(i) * 1;
  const StreamFindings findings = RunStreamHistory(spread, options);
  EXPECT_TRUE(findings.problems.empty()) << Explain(spread, findings);
  EXPECT_TRUE(findings.halted);
  EXPECT_LE(findings.elapsed, absl::Minutes(20));
}

// Where the patience for answers and that for a lost connection are equal, a call that is silent for as long
// must still be replaced.
TEST(FaultThatPasses, SilentCallIsReplacedWithTheDefaultPatience) {
  RunOptions options;
  options.clock_patience = kClockPatience;
  options.retry_time_max = absl::Minutes(5);
  for (int at = 0; at < 6; at += 5) {
    StreamHistory history = PlainHistory({{.kind = FaultKind::kSilent, .at = at}});
    history.limits.connections = 1;
    const StreamFindings findings = RunStreamHistory(history, options);
    EXPECT_TRUE(findings.problems.empty()) << Explain(history, findings);
    EXPECT_EQ(findings.calls, 2);
    EXPECT_GE(findings.elapsed, absl::Minutes(5));
    EXPECT_LE(findings.elapsed, absl::Minutes(9)) << "one patience, not two";
  }
}

TEST(FaultThatPasses, QuotaRefillsAfterTenMinutes) {
  RunOptions options;
  options.clock_patience = kClockPatience;
  options.retry_time_max = absl::Minutes(30);
  const StreamHistory history =
      PlainHistory({{.kind = FaultKind::kQuota, .at = 2, .duration = absl::Minutes(10)}});
  const StreamFindings findings = RunStreamHistory(history, options);
  EXPECT_TRUE(findings.problems.empty()) << Explain(history, findings);
  EXPECT_GE(findings.elapsed, absl::Minutes(10));
  EXPECT_LE(findings.elapsed, absl::Minutes(20));
}

// Two passing faults around a call that is silent for as long as the patience with refusals: the silence must
// not be counted as refusals.
TEST(FaultThatPasses, SilenceBetweenRefusalsUsesUpNoPatience) {
  RunOptions options;
  options.clock_patience = kClockPatience;
  options.retry_time_max = absl::Minutes(30);
  StreamHistory history =
      PlainHistory({{.kind = FaultKind::kMissingTable, .at = 0, .duration = absl::Seconds(10)},
                    {.kind = FaultKind::kSilent, .at = 1},
                    {.kind = FaultKind::kSilent, .at = 2},
                    {.kind = FaultKind::kSilent, .at = 3},
                    {.kind = FaultKind::kSchemaLag, .at = 4, .duration = absl::Minutes(3)}});
  history.limits.connections = 1;
  history.limits.requests_in_flight = 1;
  const StreamFindings findings = RunStreamHistory(history, options);
  EXPECT_TRUE(findings.problems.empty()) << Explain(history, findings);
  EXPECT_GE(findings.elapsed, absl::Minutes(10));
}

TEST(FaultThatPasses, AppendThatIsAppliedLongAfterItsCallEndedChangesNothing) {
  const StreamHistory history =
      PlainHistory({{.kind = FaultKind::kHeldBack, .at = 4, .variant = 0, .duration = absl::Minutes(79)}});
  RunOptions options;
  options.clock_patience = kClockPatience;
  const StreamFindings findings = RunStreamHistory(history, options);
  EXPECT_TRUE(findings.problems.empty()) << Explain(history, findings);
  EXPECT_LE(findings.elapsed, absl::Minutes(1));
}

TEST(FaultThatPasses, HalfOpenConnectionIsReplaced) {
  const StreamHistory history = PlainHistory({{.kind = FaultKind::kHalfOpen, .at = 4}});
  const StreamFindings findings = RunStreamHistory(history, {.clock_patience = kClockPatience});
  EXPECT_TRUE(findings.problems.empty()) << Explain(history, findings);
  EXPECT_GE(findings.calls, 2);
  EXPECT_LE(findings.elapsed, absl::Minutes(2));
}

// Proof that the histories see: each mistake of a writer is caught.
class WireMutantTest : public ::testing::TestWithParam<int> {};

TEST_P(WireMutantTest, IsCaught) {
  constexpr std::uint64_t kHistoriesMax = 200;
  RunOptions options;
  options.clock_patience = kClockPatience;
  options.mutant = static_cast<WireMutant>(GetParam());
  for (std::uint64_t i = 0; i < kHistoriesMax; ++i) {
    if (!RunStreamHistory(MakeStreamHistory(base::TestSeed() + i), options).problems.empty()) {
      std::cout << "  " << WireMutantName(options.mutant) << ": caught by history " << i + 1 << "\n";
      return;
    }
  }
  FAIL() << "not caught within " << kHistoriesMax << " histories: " << WireMutantName(options.mutant);
}

INSTANTIATE_TEST_SUITE_P(Each, WireMutantTest, ::testing::Range(1, kWireMutantCount),
                         [](const ::testing::TestParamInfo<int>& info) {
                           return std::string(WireMutantName(static_cast<WireMutant>(info.param)));
                         });

}  // namespace
}  // namespace bqcdc::misbehaving
