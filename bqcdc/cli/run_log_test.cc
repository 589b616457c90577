#include "bqcdc/cli/run_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace bqcdc::cli {
namespace {

class RunLogTest : public ::testing::Test {
 protected:
  void Answer(int count, absl::Duration service) {
    write::AnsweredRequest answered;
    answered.rows = 10;
    answered.bytes = 1000;
    answered.encoded = absl::Milliseconds(2);
    answered.filled = absl::Milliseconds(5);
    answered.waited = absl::Milliseconds(1);
    answered.timing.answered = service;
    answered.since_first_sent = answered.timing.waited + service;
    for (int i = 0; i < count; ++i) {
      meter_.OnAnswer(answered);
      meter_.OnStored(10, 1000, 0, 0);
    }
  }
  static nlohmann::json Parse(const RunLogLine& line) {
    return nlohmann::json::parse(absl::StrCat("{", line.members, "}"));
  }

  base::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  pipeline::RunMeter meter_{clock_};
  std::vector<RunLogLine> lines_;
  RunLog log_{meter_, clock_, [this](const RunLogLine& line) { lines_.push_back(line); }};
};

TEST_F(RunLogTest, OneLineAMinuteAboutThatMinute) {
  meter_.SetTable("p.d.t", 7);
  Answer(6, absl::Milliseconds(100));
  for (int i = 0; i < 59; ++i) {
    clock_.Advance(absl::Seconds(1));
    log_.Tick();
  }
  EXPECT_TRUE(lines_.empty());
  clock_.Advance(absl::Seconds(1));
  log_.Tick();
  log_.Tick();
  ASSERT_EQ(lines_.size(), 1u);
  const nlohmann::json first = Parse(lines_[0]);
  EXPECT_EQ(first["event"], "summary");
  EXPECT_EQ(first["table"], "p.d.t");
  EXPECT_EQ(first["rows"], 60);
  EXPECT_EQ(first["rows_per_second"], 1.0);
  EXPECT_NEAR(first["acknowledge_ms"]["p99"].get<double>(), 100, 13);
  EXPECT_NEAR(first["encode_ms"]["p50"].get<double>(), 2, 1);
  EXPECT_NEAR(first["fill_ms"]["p50"].get<double>(), 5, 1);
  ASSERT_EQ(first["slowest"].size(), 5u);
  EXPECT_EQ(first["slowest"][0]["service_ms"], 100.0);

  Answer(1, absl::Milliseconds(3));
  clock_.Advance(RunLog::kInterval);
  log_.Tick();
  ASSERT_EQ(lines_.size(), 2u);
  const nlohmann::json second = Parse(lines_[1]);
  EXPECT_EQ(second["rows"], 10);
  EXPECT_LT(second["acknowledge_ms"]["p99"].get<double>(), 4);
  EXPECT_EQ(second["slowest"].size(), 1u);

  log_.End();
  const nlohmann::json end = Parse(lines_.back());
  EXPECT_EQ(end["event"], "end");
  EXPECT_EQ(end["rows"], 70);
  EXPECT_EQ(end["seconds"], 120.0);
  EXPECT_EQ(end["slowest"][0]["service_ms"], 100.0);
}

TEST_F(RunLogTest, TheEndTellsHowItEnded) {
  meter_.SetTable("p.d.t", 7);
  log_.End();
  EXPECT_TRUE(Parse(lines_.back())["failure"].is_null());
  EXPECT_EQ(Parse(lines_.back())["epoch"], 7);
  meter_.OnFailure(absl::NotFoundError("Not found: Table p:d.t"));
  log_.End();
  EXPECT_EQ(Parse(lines_.back())["failure"], "Not found: Table p:d.t");
}

TEST_F(RunLogTest, AStandstillOfTheProgramIsOneLine) {
  clock_.Advance(absl::Minutes(10));
  log_.Tick();
  log_.Tick();
  EXPECT_EQ(lines_.size(), 1u);
}

TEST_F(RunLogTest, TheTextHasTheSameFigures) {
  Answer(60, absl::Milliseconds(100));
  clock_.Advance(absl::Minutes(1));
  log_.Tick();
  ASSERT_EQ(lines_.size(), 1u);
  for (const char* part :
       {"summary of 1m: 600 rows, 10 rows/s, 58.6 KiB in 0 requests, 0 retried, 0 rows set aside",
        "wait 1.0 ms/1.0 ms", "window 0 %; lag 0.0 s, 0 B; slowest 101 ms (10 rows, wait 1.0 ms, "})
    EXPECT_TRUE(absl::StrContains(lines_[0].text, part)) << part << "\n" << lines_[0].text;
}

}  // namespace
}  // namespace bqcdc::cli
