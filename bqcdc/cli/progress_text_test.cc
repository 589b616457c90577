#include "bqcdc/cli/progress_text.h"

#include <gtest/gtest.h>

namespace bqcdc::cli {
namespace {

pipeline::RunSnapshot At(int seconds, std::int64_t rows, std::uint64_t read, std::uint64_t lag = 0) {
  pipeline::RunSnapshot run;
  run.started = absl::FromUnixSeconds(1000);
  run.at = run.started + absl::Seconds(seconds);
  run.upserts = rows;
  run.upsert_bytes = rows * 100;
  run.input_bytes_read = read;
  run.lag_bytes = lag;
  return run;
}

TEST(ProgressText, RateIsOfTheLastSecondsAndTimeLeftFollowsIt) {
  ProgressText text;
  EXPECT_EQ(text.Update(At(10, 1000, 100'000), 1'000'000),
            "1,000 rows, 97.7 KiB, 100 rows/s, 10 %, 1m30s left");
  // Four times as fast from here on; the first ten seconds are forgotten.
  EXPECT_EQ(text.Update(At(15, 3000, 300'000), 1'000'000),
            "3,000 rows, 293.0 KiB, 400 rows/s, 30 %, 18s left");
  EXPECT_EQ(text.Update(At(20, 5000, 500'000), 1'000'000),
            "5,000 rows, 488.3 KiB, 400 rows/s, 50 %, 13s left");
  EXPECT_EQ(text.Update(At(25, 10'000, 1'000'000), 1'000'000), "10,000 rows, 976.6 KiB, 1,000 rows/s, 100 %");
}

TEST(ProgressText, OnlyWhatIsSettledCounts) {
  ProgressText text;
  EXPECT_EQ(text.Update(At(10, 1000, 400'000, 300'000), 1'000'000),
            "1,000 rows, 97.7 KiB, 100 rows/s, 10 %, 1m30s left");
}

TEST(ProgressText, APipeHasNoEnd) {
  ProgressText text;
  EXPECT_EQ(text.Update(At(10, 1000, 100'000), 0), "1,000 rows, 97.7 KiB, 100 rows/s");
}

TEST(ProgressText, AStandstillPromisesNothingAndRowsSetAsideAreTold) {
  ProgressText text;
  text.Update(At(10, 1000, 100'000), 1'000'000);
  pipeline::RunSnapshot run = At(16, 1000, 100'000);
  run.dead_letters["refused"] = 2;
  EXPECT_EQ(text.Update(run, 1'000'000), "1,000 rows, 97.7 KiB, 0 rows/s, 10 %, 2 set aside");
}

TEST(ProgressText, HoursAreToldWithoutSeconds) {
  ProgressText text;
  EXPECT_EQ(text.Update(At(10, 10, 100), 100'000), "10 rows, 1000 B, 1 rows/s, 0 %, 2h46m left");
}

}  // namespace
}  // namespace bqcdc::cli
