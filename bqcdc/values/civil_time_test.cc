#include "bqcdc/values/civil_time.h"

#include <gtest/gtest.h>

#include <random>

namespace bqcdc::values {
namespace {

int64_t Datetime(std::string_view text) {
  int64_t micros = 0;
  EXPECT_EQ(ParseDatetime(text, &micros), ValueError::kNone) << text;
  return micros;
}

int64_t Timestamp(std::string_view text, CivilForm form = CivilForm::kLiteral) {
  int64_t micros = 0;
  EXPECT_EQ(ParseTimestamp(text, &micros, form), ValueError::kNone) << text;
  return micros;
}

TEST(CivilTime, RangesAreYears1To9999) {
  EXPECT_EQ(ToDate(1, 1, 1), kDateMin);
  EXPECT_EQ(ToDate(9999, 12, 31), kDateMax);
  EXPECT_EQ(Timestamp("0001-01-01"), kTimestampMin);
  EXPECT_EQ(Timestamp("9999-12-31 23:59:59.999999"), kTimestampMax);
  int64_t micros = 0;
  EXPECT_EQ(ParseTimestamp("0001-01-01 00:00:00+01", &micros), ValueError::kOutOfRange);
  EXPECT_EQ(ParseTimestamp("9999-12-31 23:59:59-01", &micros), ValueError::kOutOfRange);
}

TEST(CivilTime, EveryDayRoundTrips) {
  for (int32_t days = kDateMin; days <= kDateMax; days += 13) {
    int32_t back = 0;
    ASSERT_EQ(ParseDate(FormatDate(days), &back), ValueError::kNone) << days;
    ASSERT_EQ(back, days);
  }
}

TEST(CivilTime, PackedFormsAreThoseOfTheServicesClients) {
  int64_t time = 0;
  ASSERT_EQ(ParseTime("12:34:56.789012", &time), ValueError::kNone);
  EXPECT_EQ(PackTime(time), 53880818196);
  ASSERT_EQ(ParseTime("23:59:59.999999", &time), ValueError::kNone);
  EXPECT_EQ(PackTime(time), 102806536767);
  EXPECT_EQ(PackDatetime(Datetime("0001-01-01 00:00:00")), 74904229642240);
  EXPECT_EQ(PackDatetime(Datetime("2024-02-29 12:34:56.789012")), 142439173919083028);
  EXPECT_EQ(PackDatetime(Datetime("9999-12-31 23:59:59.999999")), 703674213004689983);
}

TEST(CivilTime, PackedFormsRoundTrip) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int64_t> any(kDatetimeMin, kDatetimeMax);
  for (int i = 0; i < 50'000; ++i) {
    const int64_t want = any(random);
    int64_t micros = 0;
    ASSERT_EQ(UnpackDatetime(PackDatetime(want), &micros), ValueError::kNone);
    ASSERT_EQ(micros, want);
    ASSERT_EQ(Datetime(FormatDatetime(want)), want);
    ASSERT_EQ(Timestamp(FormatTimestamp(want)), want);
    const int64_t time = want - kDatetimeMin;
    ASSERT_EQ(UnpackTime(PackTime(time % kMicrosPerDay), &micros), ValueError::kNone);
    ASSERT_EQ(micros, time % kMicrosPerDay);
  }
}

TEST(CivilTime, PackedFieldsOutOfRangeAreRefused) {
  const int64_t good = PackDatetime(Datetime("2023-04-30 00:00:00"));
  int64_t micros = 0;
  for (const int64_t bad :
       {good + (int64_t{1} << 37),  // April 31
        good + (int64_t{9} << 42),  // month 13
        good - (int64_t{4} << 42),  // month 0
        good + (int64_t{24} << 32), good + (int64_t{60} << 26), good + (int64_t{60} << 20), good + 1'000'000,
        good | (int64_t{1} << 60), good | (int64_t{1} << 62), int64_t{-1}, int64_t{0}}) {
    EXPECT_EQ(UnpackDatetime(bad, &micros), ValueError::kOutOfRange) << bad;
  }
  for (const int64_t bad : {int64_t{24} << 32, int64_t{60} << 26, int64_t{60} << 20, int64_t{1'000'000},
                            int64_t{0x2000000000}, int64_t{-1}}) {
    EXPECT_EQ(UnpackTime(bad, &micros), ValueError::kOutOfRange) << bad;
  }
}

TEST(CivilTime, TimestampTexts) {
  const int64_t want = 1'705'321'996'120'000;  // 2024-01-15 12:33:16.12 UTC
  for (const char* text : {"2024-01-15 12:33:16.12", "2024-01-15T12:33:16.120000Z", "2024-01-15t12:33:16.12z",
                           "2024-1-15 12:33:16.12 UTC", "2024-01-15 12:33:16.12+00",
                           "2024-01-15 12:33:16.12+00:00", "2024-01-15 14:33:16.12+2",
                           "2024-01-15 18:03:16.12 +05:30", "2024-01-15 04:33:16.12 America/Los_Angeles",
                           "2024-01-15 04:33:16.12-08:00", "2024-01-15 12:33:16.12 Etc/UTC"}) {
    EXPECT_EQ(Timestamp(text), want) << text;
  }
  EXPECT_EQ(Timestamp("2024-01-15 UTC"), Timestamp("2024-01-15"));
  EXPECT_EQ(Timestamp("2024-01-15+01:00"), Timestamp("2024-01-14 23:00:00"));
  EXPECT_EQ(Timestamp("2024/01/15 12:33", CivilForm::kJson), Timestamp("2024-01-15 12:33:00"));
}

TEST(CivilTime, RefusesOtherTexts) {
  int64_t micros = 0;
  for (const char* text :
       {"", "2024", "2024-01", "24-01-15", "2024/01/15", "2024-01-15 12", "2024-01-15 12:33",
        "2024-01-15 12:33:16.", "2024-01-15 12:33:16.1x", "2024-01-15  12:33:16",
        "2024-01-15 12:33:16 Nowhere/City", "2024-01-15 12:33:16+15:00", "2024-01-15 12:33:16 ",
        "2024-01-15 12:33:16 ../etc/passwd", "1705321996", " 2024-01-15", "2024-01-15 12:33:16+1:2"}) {
    EXPECT_EQ(ParseTimestamp(text, &micros), ValueError::kMalformed) << text;
  }
  for (const char* text : {"2024-02-30", "2023-02-29", "2024-13-01", "0000-01-01", "2024-01-15 24:00:00",
                           "2024-01-15 12:60:00", "2024-01-15 12:00:60"}) {
    EXPECT_EQ(ParseTimestamp(text, &micros), ValueError::kOutOfRange) << text;
  }
  EXPECT_EQ(ParseTimestamp("2024-01-15 12:33:16.1234567", &micros), ValueError::kTooPrecise);
  EXPECT_EQ(ParseDatetime("2024-01-15 12:33:16Z", &micros), ValueError::kMalformed);
  EXPECT_EQ(ParseTime("12:33", &micros), ValueError::kMalformed);
  EXPECT_EQ(ParseTime("1:2:3.5", &micros), ValueError::kNone);
  EXPECT_EQ(ParseTime("12:33", &micros, CivilForm::kJson), ValueError::kNone);
  EXPECT_EQ(micros, (12 * 60 + 33) * kMicrosPerMinute);
  int32_t days = 0;
  EXPECT_EQ(ParseDate("2024-01-15 00:00:00", &days), ValueError::kMalformed);
}

TEST(CivilTime, Formats) {
  const int64_t micros = Datetime("2024-01-05 02:03:04.120000");
  EXPECT_EQ(FormatDatetime(micros), "2024-01-05 02:03:04.120");
  EXPECT_EQ(FormatDatetime(micros, 'T', FractionDigits::kMicroOrNone), "2024-01-05T02:03:04.120000");
  EXPECT_EQ(FormatDatetime(micros, 'T', FractionDigits::kShortest), "2024-01-05T02:03:04.12");
  EXPECT_EQ(FormatTimestamp(micros), "2024-01-05 02:03:04.120+00");
  EXPECT_EQ(FormatTimestamp(-1, " UTC"), "1969-12-31 23:59:59.999999 UTC");
  EXPECT_EQ(FormatTime(0), "00:00:00");
}

TEST(CivilTime, ZonesBothWays) {
  int64_t micros = 0;
  ASSERT_TRUE(UtcToLocal("Europe/Berlin", Timestamp("2024-07-01 10:00:00"), &micros));
  EXPECT_EQ(FormatDatetime(micros), "2024-07-01 12:00:00");
  ASSERT_TRUE(UtcToLocal("-03:30", Timestamp("2024-07-01 10:00:00"), &micros));
  EXPECT_EQ(FormatDatetime(micros), "2024-07-01 06:30:00");
  EXPECT_FALSE(UtcToLocal("", 0, &micros));
  EXPECT_FALSE(UtcToLocal("/etc/localtime", 0, &micros));
}

}  // namespace
}  // namespace bqcdc::values
