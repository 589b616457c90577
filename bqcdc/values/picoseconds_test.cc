#include "bqcdc/values/picoseconds.h"

#include <gtest/gtest.h>

namespace bqcdc::values {
namespace {

TEST(Picoseconds, TextsRoundTrip) {
  struct Case {
    const char* text;
    const char* number;
    const char* want;
    int64_t micros;
  };
  for (const Case& c : {
           Case{"1970-01-01 00:00:00.000000000001+00", "1", "1970-01-01 00:00:00.000000000001+00", 0},
           Case{"1969-12-31 23:59:59.999999999999+00", "-1", "1969-12-31 23:59:59.999999999999+00", -1},
           Case{"1969-12-31T23:59:59.5Z", "-500000000000", "1969-12-31 23:59:59.500+00", -500'000},
           Case{"2024-01-15 12:33:16.1234567 UTC", "1705321996123456700000",
                "2024-01-15 12:33:16.123456700000+00", 1'705'321'996'123'456},
           Case{"2024-01-15", "1705276800000000000000", "2024-01-15 00:00:00+00", 1'705'276'800'000'000},
           Case{"2024-01-15 05:30:00.000000000009+05:30", "1705276800000000000009",
                "2024-01-15 00:00:00.000000000009+00", 1'705'276'800'000'000},
           Case{"0001-01-01 00:00:00+00", "-62135596800000000000000", "0001-01-01 00:00:00+00",
                kTimestampMin},
           Case{"9999-12-31 23:59:59.999999999999+00", "253402300799999999999999",
                "9999-12-31 23:59:59.999999999999+00", kTimestampMax},
       }) {
    __int128 picos = 0;
    ASSERT_EQ(ParseTimestampPicos(c.text, &picos), ValueError::kNone) << c.text;
    EXPECT_EQ(PicosToText(picos), c.number) << c.text;
    EXPECT_EQ(FormatTimestampPicos(picos), c.want) << c.text;
    EXPECT_EQ(MicrosOfPicos(picos), c.micros) << c.text;
    __int128 again = 0;
    ASSERT_TRUE(PicosFromText(PicosToText(picos), &again));
    EXPECT_TRUE(again == picos) << c.text;
  }
}

TEST(Picoseconds, Refusals) {
  __int128 picos = 0;
  EXPECT_EQ(ParseTimestampPicos("2024-01-15 12:33:16.1234567890123", &picos), ValueError::kTooPrecise);
  EXPECT_EQ(ParseTimestampPicos("2024-02-30 12:33:16.123456789012", &picos), ValueError::kOutOfRange);
  EXPECT_EQ(ParseTimestampPicos("", &picos), ValueError::kMalformed);
  EXPECT_EQ(ParseTimestampPicos("2024-01-15 12:33:16.", &picos), ValueError::kMalformed);
  EXPECT_EQ(ParseTimestampPicos("2024-01-15 12:33:16 " + std::string(200, 'a'), &picos),
            ValueError::kMalformed);
  for (const char* text : {"", "-", "1x", "1234567890123456789012345"})
    EXPECT_FALSE(PicosFromText(text, &picos)) << text;
}

}  // namespace
}  // namespace bqcdc::values
