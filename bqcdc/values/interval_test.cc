#include "bqcdc/values/interval.h"

#include <gtest/gtest.h>

#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/duration_text.h"

namespace bqcdc::values {
namespace {

TEST(Interval, CanonicalTextsRoundTrip) {
  for (const char* text : {"0-0 0 0:0:0", "0-0 0 0:15:0", "1-2 3 4:5:6", "-1-2 -3 -4:5:6", "0-0 1 0:0:0",
                           "0-0 0 0:0:1.500", "0-0 0 -0:0:0.000001", "10000-0 3660000 87840000:0:0"}) {
    Interval interval;
    ASSERT_EQ(ParseInterval(text, &interval), ValueError::kNone) << text;
    EXPECT_EQ(FormatInterval(interval), text);
  }
}

TEST(Interval, Durations) {
  struct Case {
    const char* text;
    const char* want;
  };
  for (const Case& c : {Case{"P1Y2M3W4DT5H6M7.5S", "1-2 25 5:6:7.500"}, Case{"PT15M", "0-0 0 0:15:0"},
                        Case{"P-1Y3M", "-0-9 0 0:0:0"}, Case{"PT-0.000001S", "0-0 0 -0:0:0.000001"},
                        Case{"P1M", "0-1 0 0:0:0"}, Case{"P1DT1M", "0-0 1 0:1:0"}}) {
    Interval interval;
    ASSERT_EQ(ParseInterval(c.text, &interval), ValueError::kNone) << c.text;
    EXPECT_EQ(FormatInterval(interval), c.want) << c.text;
  }
  for (const char* text :
       {"P", "PT", "P1", "P1H", "P1YT", "P1M2Y", "P1.5D", "PT1S2S", "P1Y 2M", "-P1Y", "p1y", "PTT1S"}) {
    Interval interval;
    EXPECT_EQ(ParseInterval(text, &interval), ValueError::kMalformed) << text;
  }
  Interval interval;
  EXPECT_EQ(ParseInterval("P10001Y", &interval), ValueError::kOutOfRange);
  EXPECT_EQ(ParseInterval("PT0.1234567S", &interval), ValueError::kTooPrecise);
}

TEST(Interval, SqlForms) {
  struct Case {
    const char* text;
    const char* want;
  };
  for (const Case& c :
       {Case{"INTERVAL 15 MINUTE", "0-0 0 0:15:0"}, Case{"interval -2 week", "0-0 -14 0:0:0"},
        Case{"INTERVAL '15' MINUTE", "0-0 0 0:15:0"}, Case{"INTERVAL '-15' MINUTE", "0-0 0 -0:15:0"},
        Case{"INTERVAL '4:0:0' HOUR TO SECOND", "0-0 0 4:0:0"},
        Case{"INTERVAL \"0:15\" HOUR TO MINUTE", "0-0 0 0:15:0"},
        Case{"INTERVAL '0-0 0 0:15:0' YEAR TO SECOND", "0-0 0 0:15:0"},
        Case{"INTERVAL '5-3' YEAR TO MONTH", "5-3 0 0:0:0"},
        Case{"INTERVAL '7 12:0:0' DAY TO SECOND", "0-0 7 12:0:0"}, Case{"INTERVAL '-5' YEAR", "-5-0 0 0:0:0"},
        Case{"4:0:0", "0-0 0 4:0:0"}, Case{"1 4:0:0", "0-0 1 4:0:0"},
        Case{"INTERVAL 500 MILLISECOND", "0-0 0 0:0:0.500"}}) {
    Interval interval;
    ASSERT_EQ(ParseSqlInterval(c.text, &interval), ValueError::kNone) << c.text;
    EXPECT_EQ(FormatInterval(interval), c.want) << c.text;
  }
}

TEST(Interval, Refusals) {
  Interval interval;
  for (const char* text :
       {"", "INTERVAL", "15 FORTNIGHT", "1-2", "0-0 0 0:0", "x", "INTERVAL 'x' MINUTE",
        "INTERVAL '1' MINUTE TO HOUR", "INTERVAL '1 MINUTE", "1-2 3 4:5:6 7", "0-0 0 0:0:1."}) {
    EXPECT_EQ(ParseSqlInterval(text, &interval), ValueError::kMalformed) << text;
  }
  EXPECT_EQ(ParseSqlInterval("10001 YEAR", &interval), ValueError::kOutOfRange);
  EXPECT_EQ(ParseInterval("0-0 0 0:0:0.1234567", &interval), ValueError::kTooPrecise);
}

TEST(DurationText, StalenessOfTheCommandLine) {
  struct Case {
    const char* text;
    int64_t want;
  };
  for (const Case& c :
       {Case{"0", 0}, Case{"0s", 0}, Case{"15m", 15 * kMicrosPerMinute}, Case{"1h30m", 90 * kMicrosPerMinute},
        Case{"0-0 0 0:15:0", 15 * kMicrosPerMinute}, Case{"INTERVAL 15 MINUTE", 15 * kMicrosPerMinute}}) {
    const auto interval = ParseStaleness(c.text);
    ASSERT_TRUE(interval.ok()) << c.text;
    EXPECT_EQ(interval->TotalMicros(), c.want) << c.text;
  }
  for (const char* text : {"", "15", "-1m", "inf", "soon", "INTERVAL -1 DAY"}) {
    EXPECT_FALSE(ParseStaleness(text).ok()) << text;
  }
  EXPECT_EQ(FormatDurationText(absl::Minutes(90)), "1h30m");
  EXPECT_EQ(FormatDurationText(absl::ZeroDuration()), "0s");
}

}  // namespace
}  // namespace bqcdc::values
