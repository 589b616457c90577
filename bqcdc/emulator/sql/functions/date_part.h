#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/values/civil_time.h"

// Arithmetic on dates and civil times by parts
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/date_functions).
namespace bqcdc::emulator::sql {

enum class DatePartKind {
  kMicrosecond,
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kDayOfWeek,
  kDayOfYear,
  kWeek,
  kIsoWeek,
  kMonth,
  kQuarter,
  kYear,
  kIsoYear,
};

struct Part {
  DatePartKind kind = DatePartKind::kDay;
  int week_start = 0;  // 0 = Sunday; for kWeek
};

// From the canonical text: `DAY`, `WEEK(MONDAY)`.
absl::StatusOr<Part> ParsePart(std::string_view text);
// Microseconds of a part that has always as many (MICROSECOND to HOUR), else unset.
std::optional<int64_t> FixedMicros(DatePartKind kind);
// The same for a TIMESTAMP, of which a DAY has 24 hours.
std::optional<int64_t> FixedTimestampMicros(DatePartKind kind);

// 0 = Sunday.
int WeekdayOf(int64_t days);
int64_t FloorDivide(int64_t a, int64_t b);
values::CivilFields FieldsOfDate(int64_t days);

// Errors name `function`: the part is not for it, or the result is out of range.
absl::StatusOr<int64_t> AddToDate(int64_t days, int64_t amount, const Part& part, std::string_view function);
absl::StatusOr<int64_t> AddToDatetime(int64_t micros, int64_t amount, const Part& part,
                                      std::string_view function);
absl::StatusOr<int64_t> TruncateDate(int64_t days, const Part& part, std::string_view function);
absl::StatusOr<int64_t> TruncateDatetime(int64_t micros, const Part& part, std::string_view function);
// Part boundaries between `b` and `a`.
absl::StatusOr<int64_t> DifferenceOfDates(int64_t a, int64_t b, const Part& part, std::string_view function);
absl::StatusOr<int64_t> DifferenceOfDatetimes(int64_t a, int64_t b, const Part& part,
                                              std::string_view function);
absl::StatusOr<int64_t> ExtractFromDate(int64_t days, const Part& part, std::string_view type);
// `micros` of a DATETIME; with `date_parts` false of a TIME.
absl::StatusOr<int64_t> ExtractFromDatetime(int64_t micros, const Part& part, bool date_parts,
                                            std::string_view type);
absl::StatusOr<int64_t> LastDayOf(int64_t days, const Part& part);
// Adds months, the day cut to the month's length.
absl::StatusOr<int64_t> AddMonths(int64_t days, int64_t months);

}  // namespace bqcdc::emulator::sql
