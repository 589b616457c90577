#include "bqcdc/pipeline/run_meter.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace bqcdc::pipeline {
namespace {

class RunMeterTest : public ::testing::Test {
 protected:
  static write::AnsweredRequest Answer(absl::Duration service, std::int64_t rows = 1) {
    write::AnsweredRequest answered;
    answered.rows = rows;
    answered.bytes = rows * 100;
    answered.filled = absl::Milliseconds(1);
    answered.waited = absl::Milliseconds(2);
    answered.timing.waited = absl::Milliseconds(1);
    answered.timing.answered = service;
    answered.since_first_sent = answered.timing.waited + service;
    return answered;
  }

  base::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  RunMeter meter_{clock_};
};

TEST_F(RunMeterTest, LagIsWhatWasReadAfterTheOldestRowThatIsNotSettled) {
  meter_.OnBatchOpened(0, 0);
  meter_.OnInputRead(1000);
  clock_.Advance(absl::Seconds(3));
  meter_.OnBatchOpened(1, 400);
  clock_.Advance(absl::Seconds(1));
  RunSnapshot seen = meter_.Snapshot();
  EXPECT_EQ(seen.lag_bytes, 1000u);
  EXPECT_EQ(seen.lag, absl::Seconds(4));
  meter_.OnBatchSettled(0);
  seen = meter_.Snapshot();
  EXPECT_EQ(seen.lag_bytes, 600u);
  EXPECT_EQ(seen.lag, absl::Seconds(1));
  meter_.OnBatchSettled(1);
  seen = meter_.Snapshot();
  EXPECT_EQ(seen.lag_bytes, 0u);
  EXPECT_EQ(seen.lag, absl::ZeroDuration());
}

TEST_F(RunMeterTest, AgeOfTheOldestUnappliedDeleteFollowsTheWatermark) {
  meter_.OnStored(5, 500, 1, 20);
  const absl::Time first = clock_.Now();
  clock_.Advance(absl::Minutes(1));
  meter_.OnStored(0, 0, 1, 20);
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(meter_.Snapshot().oldest_unapplied_delete, absl::ZeroDuration()) << "no watermark, nothing known";
  meter_.OnWatermark(first - absl::Microseconds(1));
  EXPECT_EQ(meter_.Snapshot().oldest_unapplied_delete, absl::Minutes(2));
  meter_.OnWatermark(first);
  EXPECT_EQ(meter_.Snapshot().oldest_unapplied_delete, absl::Minutes(1));
  meter_.OnWatermark(clock_.Now());
  EXPECT_EQ(meter_.Snapshot().oldest_unapplied_delete, absl::ZeroDuration());
}

TEST_F(RunMeterTest, DeletesOfDaysTakeBoundedMemoryAndTheOldestStays) {
  const absl::Time first = clock_.Now();
  meter_.OnWatermark(first - absl::Seconds(1));
  for (int i = 0; i < 30'000; ++i) {
    meter_.OnStored(0, 0, 1, 20);
    clock_.Advance(absl::Seconds(10));
  }
  EXPECT_EQ(meter_.Snapshot().oldest_unapplied_delete, clock_.Now() - first);
}

TEST_F(RunMeterTest, PhasesAndTheSlowestRequests) {
  for (int i = 1; i <= 100; ++i) meter_.OnAnswer(Answer(absl::Milliseconds(i), i));
  RunSnapshot seen = meter_.TakeInterval();
  EXPECT_EQ(seen.acknowledge.count(), 100);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(seen.acknowledge.Quantile(0.5)), 51, 7);
  EXPECT_EQ(seen.wait.sum(), absl::Milliseconds(200));
  ASSERT_EQ(seen.slowest.list().size(), SlowestRequests::kMax);
  EXPECT_EQ(seen.slowest.list().front().rows, 100);
  EXPECT_EQ(seen.slowest.list().back().rows, 96);
  meter_.OnAnswer(Answer(absl::Milliseconds(7)));
  seen = meter_.Snapshot();
  EXPECT_EQ(seen.slowest_lately.list().size(), 1u);
  EXPECT_EQ(seen.slowest.list().front().rows, 100);
}

TEST_F(RunMeterTest, BatchFillCountsFirstAttemptsAgainstTheNearerLimit) {
  meter_.SetBatchLimits(1000, 4);
  meter_.OnAnswer(Answer(absl::Milliseconds(1), 2));  // 200 of 1000 bytes, 2 of 4 rows
  write::AnsweredRequest again = Answer(absl::Milliseconds(1), 4);
  again.first = false;
  meter_.OnAnswer(again);
  const FillHistogram fill = meter_.Snapshot().batch_fill;
  EXPECT_EQ(fill.count, 1);
  EXPECT_DOUBLE_EQ(fill.sum, 0.5);
  EXPECT_EQ(fill.buckets[2], 1);
}

TEST_F(RunMeterTest, AWaitForTheSchemaLastsUntilRowsAreStoredAgain) {
  write::AnsweredRequest refused = Answer(absl::Milliseconds(1));
  refused.action = write::AppendAction::kRefetchSchema;
  meter_.OnAnswer(refused);
  clock_.Advance(absl::Seconds(20));
  meter_.OnAnswer(refused);
  EXPECT_EQ(meter_.Snapshot().schema_waits, 2);
  EXPECT_EQ(meter_.Snapshot().schema_waiting, absl::Seconds(20));
  meter_.OnStored(1, 10, 0, 0);
  EXPECT_EQ(meter_.Snapshot().schema_waiting, absl::ZeroDuration());
}

TEST_F(RunMeterTest, HealthIsLostBySilenceWhileRowsWaitAndByFailure) {
  const absl::Duration limit = absl::Minutes(2);
  EXPECT_TRUE(HealthOf(meter_.Snapshot(), limit).ok());
  clock_.Advance(absl::Hours(5));  // No input: nothing is owed.
  EXPECT_TRUE(HealthOf(meter_.Snapshot(), limit).ok());
  meter_.OnBatchOpened(0, 0);
  clock_.Advance(limit);
  EXPECT_TRUE(HealthOf(meter_.Snapshot(), limit).ok());
  clock_.Advance(absl::Seconds(1));
  const absl::Status silent = HealthOf(meter_.Snapshot(), limit);
  EXPECT_TRUE(absl::StrContains(silent.message(), "none was acknowledged for 2m1s")) << silent;
  meter_.OnStored(1, 10, 0, 0);  // Of another lane: the service answers.
  EXPECT_TRUE(HealthOf(meter_.Snapshot(), limit).ok());
  meter_.OnFailure(absl::FailedPreconditionError("another run has taken over"));
  EXPECT_TRUE(absl::StrContains(HealthOf(meter_.Snapshot(), limit).message(), "another run has taken over"));
}

}  // namespace
}  // namespace bqcdc::pipeline
