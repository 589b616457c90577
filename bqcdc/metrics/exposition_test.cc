#include "bqcdc/metrics/exposition.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace bqcdc::metrics {
namespace {

TEST(Exposition, CountersHistogramsAndLabels) {
  pipeline::RunSnapshot run;
  run.table = "p.d.\"t\"";
  run.upserts = 3;
  run.deletes = 1;
  run.errors[write::AppendAction::kFindBadRows] = 2;
  run.call_errors[write::AppendAction::kReopen] = 3;
  run.acknowledge.Add(absl::Milliseconds(3));
  run.acknowledge.Add(absl::Minutes(6));
  run.lag = absl::Milliseconds(1500);
  const std::string text = Exposition(run, absl::OkStatus(), "1.2.3");
  for (const char* line :
       {"bqcdc_rows_total{change_type=\"upsert\"} 3\n", "bqcdc_rows_total{change_type=\"delete\"} 1\n",
        "bqcdc_request_errors_total{action=\"find_bad_rows\"} 2\n",
        "bqcdc_call_errors_total{action=\"reopen\"} 3\n", "bqcdc_acknowledge_seconds_count 2\n",
        "bqcdc_acknowledge_seconds_bucket{le=\"0.005\"} 1\n",
        "bqcdc_acknowledge_seconds_bucket{le=\"300\"} 1\n",
        "bqcdc_acknowledge_seconds_bucket{le=\"+Inf\"} 2\n", "bqcdc_lag_seconds 1.5\n", "bqcdc_healthy 1\n",
        "table=\"p.d.\\\"t\\\"\"", "version=\"1.2.3\""})
    EXPECT_TRUE(absl::StrContains(text, line)) << line << "\n" << text;
}

TEST(Exposition, WhatIsNotKnownHasNoSample) {
  const std::string text = Exposition({}, absl::UnavailableError("silent"), "1");
  EXPECT_FALSE(absl::StrContains(text, "\nbqcdc_watermark_timestamp_seconds "));
  EXPECT_FALSE(absl::StrContains(text, "\nbqcdc_oldest_unapplied_delete_seconds "));
  EXPECT_FALSE(absl::StrContains(text, "\nbqcdc_last_acknowledge_timestamp_seconds "));
  EXPECT_TRUE(absl::StrContains(text, "\nbqcdc_healthy 0\n"));
}

}  // namespace
}  // namespace bqcdc::metrics
