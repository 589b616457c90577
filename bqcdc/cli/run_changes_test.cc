#include "bqcdc/cli/run_changes.h"

#include <gtest/gtest.h>

namespace bqcdc::cli {
namespace {

using Lines = std::vector<std::string>;

TEST(ChangesBetweenTest, ALineForEachKind) {
  pipeline::RunSnapshot before;
  before.requests = 3;
  before.errors[write::AppendAction::kRetry] = 1;
  before.dead_letters["not_an_object"] = 2;
  pipeline::RunSnapshot now = before;
  EXPECT_EQ(ChangesBetween(before, now), Lines());
  now.table = "p.d.t";
  now.epoch = 7;
  now.connections = 2;
  now.lanes = 2;
  now.calls_opened = 3;
  now.requests = 5;
  now.upserts = 1;
  now.deletes = 1;
  now.upsert_bytes = 20;
  now.lag_bytes = 2048;
  now.errors[write::AppendAction::kRetry] = 3;
  now.errors[write::AppendAction::kReopen] = 1;
  now.call_errors[write::AppendAction::kReopen] = 2;
  now.retries = 2;
  now.requests_resent = 1;
  now.schema_refetches = 2;
  now.schema_waits = 1;
  now.dead_letters["unknown_column"] = 1;
  EXPECT_EQ(
      ChangesBetween(before, now),
      (Lines{"table p.d.t is claimed by epoch 7", "connections: 2, were 0", "lanes: 2, were 0",
             "3 AppendRows calls opened, 3 in all",
             "2 requests sent, 2 rows acknowledged (20 B), 2.0 KiB of input not settled",
             "requests refused, by what is done: retry 2, reopen 1",
             "calls ended by an error, by what is done: reopen 2",
             "2 requests sent again after an error that passes", "1 request sent again after a lost call",
             "schema read again, 2 times in all", "1 request sent back until the service knows the schema",
             "rows set aside, by reason: unknown_column 1"}));
}

TEST(RunChangesTest, LooksFiveTimesASecondAndAtTheEnd) {
  base::ManualClock clock(absl::FromUnixSeconds(1'700'000'000));
  pipeline::RunMeter meter(clock);
  Lines lines;
  RunChanges changes(meter, clock, [&lines](const std::string& line) { lines.push_back(line); });
  meter.OnDeadLetter("not_an_object");
  changes.Tick();
  EXPECT_EQ(lines, Lines());
  clock.Advance(RunChanges::kInterval);
  changes.Tick();
  changes.Tick();
  EXPECT_EQ(lines, Lines{"rows set aside, by reason: not_an_object 1"});
  meter.OnDeadLetter("not_an_object");
  changes.End();
  EXPECT_EQ(lines.size(), 2u);
}

}  // namespace
}  // namespace bqcdc::cli
