#include "bqcdc/emulator/sql/functions/date_part.h"

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::sql {
namespace {

using values::kMicrosPerDay;
using K = DatePartKind;

constexpr std::string_view kNames[] = {"MICROSECOND", "MILLISECOND", "SECOND",    "MINUTE", "HOUR",
                                       "DAY",         "DAYOFWEEK",   "DAYOFYEAR", "WEEK",   "ISOWEEK",
                                       "MONTH",       "QUARTER",     "YEAR",      "ISOYEAR"};
constexpr std::string_view kWeekdays[] = {"SUNDAY",   "MONDAY", "TUESDAY", "WEDNESDAY",
                                          "THURSDAY", "FRIDAY", "SATURDAY"};

absl::Status Refused(std::string_view function, K kind) {
  return base::InvalidArgument(function, " does not support the ", kNames[static_cast<int>(kind)],
                               " date part");
}

absl::StatusOr<int64_t> CheckedDate(int64_t days) {
  if (values::IsDate(days)) return days;
  return base::InvalidArgument("Date arithmetic result is out of range");
}

absl::StatusOr<int64_t> CheckedDatetime(int64_t micros) {
  if (values::IsDatetime(micros)) return micros;
  return base::InvalidArgument("Datetime arithmetic result is out of range");
}

// First day of the ISO year that the date is in: the Monday of the week with January 4th.
int64_t IsoYearStart(int64_t days) {
  const int64_t thursday = days - (WeekdayOf(days) + 6) % 7 + 3;
  const int64_t fourth = values::ToDate(FieldsOfDate(thursday).year, 1, 4);
  return fourth - (WeekdayOf(fourth) + 6) % 7;
}

int64_t MonthIndex(int64_t days) {
  const values::CivilFields fields = FieldsOfDate(days);
  return fields.year * 12LL + fields.month - 1;
}

int64_t WeekIndex(int64_t days, int week_start) { return FloorDivide(days + 4 - week_start, 7); }

}  // namespace

absl::StatusOr<Part> ParsePart(std::string_view text) {
  Part part;
  const size_t open = text.find('(');
  const std::string_view name = text.substr(0, open);
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] != name) continue;
    part.kind = static_cast<K>(i);
    if (open == std::string_view::npos) return part;
    const std::string_view day = text.substr(open + 1, text.size() - open - 2);
    part.week_start =
        static_cast<int>(std::find(std::begin(kWeekdays), std::end(kWeekdays), day) - kWeekdays);
    if (part.week_start < 7) return part;
  }
  return base::InvalidArgument("A valid date part name is required but found ", text);
}

std::optional<int64_t> FixedMicros(K kind) {
  switch (kind) {
    case K::kMicrosecond:
      return 1;
    case K::kMillisecond:
      return 1000;
    case K::kSecond:
      return values::kMicrosPerSecond;
    case K::kMinute:
      return values::kMicrosPerMinute;
    case K::kHour:
      return values::kMicrosPerHour;
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> FixedTimestampMicros(K kind) {
  return kind == K::kDay ? std::optional<int64_t>(kMicrosPerDay) : FixedMicros(kind);
}

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

int WeekdayOf(int64_t days) { return static_cast<int>(((days + 4) % 7 + 7) % 7); }

values::CivilFields FieldsOfDate(int64_t days) { return values::DatetimeFields(days * kMicrosPerDay); }

absl::StatusOr<int64_t> AddMonths(int64_t days, int64_t months) {
  const values::CivilFields fields = FieldsOfDate(days);
  int64_t index = 0;
  if (__builtin_add_overflow(fields.year * 12LL + fields.month - 1, months, &index) || index < 12 ||
      index >= 10'000 * 12) {
    return base::InvalidArgument("Date arithmetic result is out of range");
  }
  const int year = static_cast<int>(index / 12);
  const int month = static_cast<int>(index % 12) + 1;
  int day = fields.day;
  while (!values::IsCivilDate(year, month, day)) --day;
  return values::ToDate(year, month, day);
}

absl::StatusOr<int64_t> AddToDate(int64_t days, int64_t amount, const Part& part, std::string_view function) {
  int64_t scaled = amount;
  switch (part.kind) {
    case K::kWeek:
    case K::kDay:
      if (__builtin_mul_overflow(amount, part.kind == K::kWeek ? 7 : 1, &scaled) ||
          __builtin_add_overflow(days, scaled, &scaled)) {
        return base::InvalidArgument("Date arithmetic result is out of range");
      }
      return CheckedDate(scaled);
    case K::kMonth:
      return AddMonths(days, amount);
    case K::kQuarter:
    case K::kYear:
      if (__builtin_mul_overflow(amount, part.kind == K::kYear ? 12 : 3, &scaled)) {
        return base::InvalidArgument("Date arithmetic result is out of range");
      }
      return AddMonths(days, scaled);
    default:
      return Refused(function, part.kind);
  }
}

absl::StatusOr<int64_t> AddToDatetime(int64_t micros, int64_t amount, const Part& part,
                                      std::string_view function) {
  if (const std::optional<int64_t> unit = FixedMicros(part.kind)) {
    int64_t added = 0;
    if (__builtin_mul_overflow(amount, *unit, &added) || __builtin_add_overflow(micros, added, &added)) {
      return base::InvalidArgument("Datetime arithmetic result is out of range");
    }
    return CheckedDatetime(added);
  }
  const int64_t days = FloorDivide(micros, kMicrosPerDay);
  BQCDC_ASSIGN_OR_RETURN(const int64_t moved, AddToDate(days, amount, part, function));
  return moved * kMicrosPerDay + (micros - days * kMicrosPerDay);
}

absl::StatusOr<int64_t> TruncateDate(int64_t days, const Part& part, std::string_view function) {
  const values::CivilFields fields = FieldsOfDate(days);
  switch (part.kind) {
    case K::kDay:
      return days;
    case K::kWeek:
      return CheckedDate(days - (WeekdayOf(days) - part.week_start + 7) % 7);
    case K::kIsoWeek:
      return CheckedDate(days - (WeekdayOf(days) + 6) % 7);
    case K::kMonth:
      return values::ToDate(fields.year, fields.month, 1);
    case K::kQuarter:
      return values::ToDate(fields.year, (fields.month - 1) / 3 * 3 + 1, 1);
    case K::kYear:
      return values::ToDate(fields.year, 1, 1);
    case K::kIsoYear:
      return CheckedDate(IsoYearStart(days));
    default:
      return Refused(function, part.kind);
  }
}

absl::StatusOr<int64_t> TruncateDatetime(int64_t micros, const Part& part, std::string_view function) {
  if (const std::optional<int64_t> unit = FixedMicros(part.kind)) return FloorDivide(micros, *unit) * *unit;
  BQCDC_ASSIGN_OR_RETURN(const int64_t days,
                         TruncateDate(FloorDivide(micros, kMicrosPerDay), part, function));
  return days * kMicrosPerDay;
}

absl::StatusOr<int64_t> DifferenceOfDates(int64_t a, int64_t b, const Part& part, std::string_view function) {
  switch (part.kind) {
    case K::kDay:
      return a - b;
    case K::kWeek:
      return WeekIndex(a, part.week_start) - WeekIndex(b, part.week_start);
    case K::kIsoWeek:
      return WeekIndex(a, 1) - WeekIndex(b, 1);
    case K::kMonth:
      return MonthIndex(a) - MonthIndex(b);
    case K::kQuarter:
      return MonthIndex(a) / 3 - MonthIndex(b) / 3;
    case K::kYear:
      return FieldsOfDate(a).year - FieldsOfDate(b).year;
    case K::kIsoYear:
      return FieldsOfDate(IsoYearStart(a) + 3).year - FieldsOfDate(IsoYearStart(b) + 3).year;
    default:
      return Refused(function, part.kind);
  }
}

absl::StatusOr<int64_t> DifferenceOfDatetimes(int64_t a, int64_t b, const Part& part,
                                              std::string_view function) {
  if (const std::optional<int64_t> unit = FixedMicros(part.kind)) {
    return FloorDivide(a, *unit) - FloorDivide(b, *unit);
  }
  return DifferenceOfDates(FloorDivide(a, kMicrosPerDay), FloorDivide(b, kMicrosPerDay), part, function);
}

absl::StatusOr<int64_t> ExtractFromDate(int64_t days, const Part& part, std::string_view type) {
  const values::CivilFields fields = FieldsOfDate(days);
  const int64_t year_start = values::ToDate(fields.year, 1, 1);
  switch (part.kind) {
    case K::kDay:
      return fields.day;
    case K::kDayOfWeek:
      return WeekdayOf(days) + 1;
    case K::kDayOfYear:
      return days - year_start + 1;
    case K::kWeek: {
      // Days before the year's first week start are in week 0.
      const int64_t first = year_start + (part.week_start - WeekdayOf(year_start) + 7) % 7;
      return days < first ? 0 : (days - first) / 7 + 1;
    }
    case K::kIsoWeek:
      return (days - IsoYearStart(days)) / 7 + 1;
    case K::kMonth:
      return fields.month;
    case K::kQuarter:
      return (fields.month - 1) / 3 + 1;
    case K::kYear:
      return fields.year;
    case K::kIsoYear:
      return FieldsOfDate(IsoYearStart(days) + 3).year;
    default:
      return Refused(base::StrCat("EXTRACT from ", type), part.kind);
  }
}

absl::StatusOr<int64_t> ExtractFromDatetime(int64_t micros, const Part& part, bool date_parts,
                                            std::string_view type) {
  const int64_t days = FloorDivide(micros, kMicrosPerDay);
  const int64_t of_day = micros - days * kMicrosPerDay;
  switch (part.kind) {
    case K::kMicrosecond:
      return of_day % values::kMicrosPerSecond;
    case K::kMillisecond:
      return of_day % values::kMicrosPerSecond / 1000;
    case K::kSecond:
      return of_day / values::kMicrosPerSecond % 60;
    case K::kMinute:
      return of_day / values::kMicrosPerMinute % 60;
    case K::kHour:
      return of_day / values::kMicrosPerHour;
    default:
      break;
  }
  if (!date_parts) return Refused(base::StrCat("EXTRACT from ", type), part.kind);
  return ExtractFromDate(days, part, type);
}

absl::StatusOr<int64_t> LastDayOf(int64_t days, const Part& part) {
  BQCDC_ASSIGN_OR_RETURN(const int64_t start, TruncateDate(days, part, "LAST_DAY"));
  switch (part.kind) {
    case K::kWeek:
    case K::kIsoWeek:
      return CheckedDate(start + 6);
    case K::kMonth:
    case K::kQuarter:
    case K::kYear: {
      const int months = part.kind == K::kMonth ? 1 : part.kind == K::kQuarter ? 3 : 12;
      const values::CivilFields fields = FieldsOfDate(start);
      if (fields.year == 9999 && fields.month + months > 12) return values::kDateMax;
      BQCDC_ASSIGN_OR_RETURN(const int64_t next, AddMonths(start, months));
      return next - 1;
    }
    case K::kIsoYear:
      return CheckedDate(IsoYearStart(start + 371) - 1);
    default:
      return Refused("LAST_DAY", part.kind);
  }
}

}  // namespace bqcdc::emulator::sql
