#include "bqcdc/emulator/sql/functions/date_part.h"

#include <gtest/gtest.h>

#include "bqcdc/emulator/sql/functions/time_format.h"

namespace bqcdc::emulator::sql {
namespace {

int32_t Day(std::string_view text) {
  int32_t days = 0;
  EXPECT_EQ(values::ParseDate(text, &days), values::ValueError::kNone) << text;
  return days;
}
std::string Shown(const absl::StatusOr<int64_t>& days) {
  return days.ok() ? values::FormatDate(static_cast<int32_t>(*days)) : std::string(days.status().message());
}

TEST(DatePartTest, Truncation) {
  const struct {
    const char* date;
    const char* part;
    const char* want;
  } kCases[] = {
      {"2024-05-15", "DAY", "2024-05-15"},          {"2024-05-15", "WEEK", "2024-05-12"},
      {"2024-05-15", "WEEK(MONDAY)", "2024-05-13"}, {"2024-05-15", "WEEK(WEDNESDAY)", "2024-05-15"},
      {"2024-05-15", "ISOWEEK", "2024-05-13"},      {"2024-05-15", "MONTH", "2024-05-01"},
      {"2024-05-15", "QUARTER", "2024-04-01"},      {"2024-05-15", "YEAR", "2024-01-01"},
      {"2024-12-31", "ISOYEAR", "2024-12-30"},      {"2021-01-01", "ISOYEAR", "2019-12-30"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Shown(TruncateDate(Day(test.date), *ParsePart(test.part), "DATE_TRUNC")), test.want)
        << test.date << " " << test.part;
  }
  EXPECT_FALSE(TruncateDate(Day("0001-01-01"), *ParsePart("WEEK"), "DATE_TRUNC").ok());
  EXPECT_FALSE(TruncateDate(0, *ParsePart("HOUR"), "DATE_TRUNC").ok());
  EXPECT_FALSE(ParsePart("WEEK(FUNDAY)").ok());
}

TEST(DatePartTest, Differences) {
  const struct {
    const char* a;
    const char* b;
    const char* part;
    int64_t want;
  } kCases[] = {
      {"2017-10-15", "2017-10-14", "WEEK", 1},  // a Saturday and the Sunday after it
      {"2017-12-30", "2014-12-30", "YEAR", 3},    {"2017-12-30", "2014-12-30", "ISOYEAR", 2},
      {"2017-12-18", "2017-12-17", "WEEK", 0},    {"2017-12-18", "2017-12-17", "WEEK(MONDAY)", 1},
      {"2017-12-18", "2017-12-17", "ISOWEEK", 1}, {"2024-03-01", "2024-02-29", "MONTH", 1},
      {"2024-01-01", "2023-12-31", "QUARTER", 1}, {"1969-12-31", "1970-01-01", "DAY", -1},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(DifferenceOfDates(Day(test.a), Day(test.b), *ParsePart(test.part), "DATE_DIFF").value(),
              test.want)
        << test.a << " " << test.b << " " << test.part;
  }
}

TEST(DatePartTest, Parts) {
  const auto extract = [](const char* date, const char* part) {
    return ExtractFromDate(Day(date), *ParsePart(part), "DATE").value();
  };
  EXPECT_EQ(extract("2017-01-01", "WEEK"), 1);
  EXPECT_EQ(extract("2017-01-01", "WEEK(MONDAY)"), 0);
  EXPECT_EQ(extract("2005-01-01", "ISOWEEK"), 53);
  EXPECT_EQ(extract("2005-01-01", "ISOYEAR"), 2004);
  EXPECT_EQ(extract("2024-12-31", "DAYOFYEAR"), 366);
  EXPECT_EQ(Shown(AddMonths(Day("2024-01-31"), 1)), "2024-02-29");
  EXPECT_EQ(Shown(AddMonths(Day("2024-03-31"), -13)), "2023-02-28");
  EXPECT_FALSE(AddMonths(Day("9999-12-01"), 1).ok());
  EXPECT_EQ(Shown(LastDayOf(Day("9999-12-05"), *ParsePart("YEAR"))), "9999-12-31");
}

TEST(TimeFormatTest, ElementsAndTheirInverse) {
  const int64_t micros = Day("2024-01-05") * values::kMicrosPerDay + 15 * values::kMicrosPerHour + 4'050'600;
  const FormatScope all{true, true, "UTC"};
  EXPECT_EQ(FormatTime("%a %d %B %y %I:%M:%E4S %p %Q|%U|%W|%V|%u|%w|%%", micros, micros, all).value(),
            "Fri 05 January 24 03:00:04.0506 PM 1|00|01|01|5|5|%");
  EXPECT_FALSE(FormatTime("%f", micros, micros, all).ok());
  EXPECT_FALSE(FormatTime("%H", micros, micros, FormatScope{true, false, ""}).ok());
  EXPECT_FALSE(FormatTime("%", micros, micros, all).ok());
  for (const char* format : {"%Y-%m-%d %H:%M:%E*S", "%F %T.", "%d %b %Y %I:%M:%E6S %p"}) {
    const std::string text = FormatTime(format, micros, micros, all).value();
    const auto parsed = ParseTime(format, text, all);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status().message();
  }
  EXPECT_EQ(ParseTime("%Y-%m-%d %H:%M:%E*S", "2024-01-05 15:00:04.0506", all)->local_micros, micros);
  EXPECT_FALSE(ParseTime("%Y-%m-%d", "2024-02-30", all).ok());
  EXPECT_FALSE(ParseTime("%Y", "2024 x", all).ok());
}

}  // namespace
}  // namespace bqcdc::emulator::sql
