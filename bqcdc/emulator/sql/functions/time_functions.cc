#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/date_part.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::sql {
namespace {

using values::kMicrosPerDay;
using IntResult = absl::StatusOr<int64_t>;
using DateResult = absl::StatusOr<Date>;
using DatetimeResult = absl::StatusOr<Datetime>;
using TimeResult = absl::StatusOr<Time>;
using TimestampResult = absl::StatusOr<Timestamp>;

template <typename T>
absl::StatusOr<T> As(const IntResult& value) {
  if (!value.ok()) return value.status();
  if constexpr (std::is_same_v<T, Date>) {
    return Date{static_cast<int32_t>(*value)};
  } else {
    return T{*value};
  }
}

IntResult Negated(int64_t amount) {
  if (amount == INT64_MIN) return base::InvalidArgument("int64 overflow: -(", amount, ")");
  return -amount;
}

DateResult DateAdd(Date date, int64_t amount, std::string_view part, std::string_view function) {
  BQCDC_ASSIGN_OR_RETURN(const Part parsed, ParsePart(part));
  return As<Date>(AddToDate(date.days, amount, parsed, function));
}

DatetimeResult DatetimeAdd(Datetime value, int64_t amount, std::string_view part, std::string_view function) {
  BQCDC_ASSIGN_OR_RETURN(const Part parsed, ParsePart(part));
  return As<Datetime>(AddToDatetime(value.micros, amount, parsed, function));
}

TimestampResult TimestampAdd(Timestamp value, int64_t amount, std::string_view part,
                             std::string_view function) {
  BQCDC_ASSIGN_OR_RETURN(const Part parsed, ParsePart(part));
  if (!FixedTimestampMicros(parsed.kind)) {
    return base::InvalidArgument(function, " does not support the ", part,
                                 " date part when the argument is TIMESTAMP type");
  }
  auto result = AddToDatetime(value.micros, amount, parsed, function);
  if (!result.ok()) return base::InvalidArgument("Timestamp arithmetic result is out of range");
  return Timestamp{*result};
}

TimeResult TimeAdd(Time value, int64_t amount, std::string_view part, std::string_view function) {
  BQCDC_ASSIGN_OR_RETURN(const Part parsed, ParsePart(part));
  const std::optional<int64_t> unit = FixedMicros(parsed.kind);
  if (!unit) return base::InvalidArgument(function, " does not support the ", part, " date part");
  const __int128 moved = (static_cast<__int128>(amount) * *unit + value.micros) % kMicrosPerDay;
  return Time{static_cast<int64_t>((moved + kMicrosPerDay) % kMicrosPerDay)};
}

DatetimeResult ToDatetimeIn(Timestamp value, std::string_view zone) {
  int64_t local = 0;
  if (!values::UtcToLocal(zone, value.micros, &local))
    return base::InvalidArgument("Invalid time zone: ", zone);
  if (!values::IsDatetime(local)) return base::InvalidArgument("Datetime is out of range");
  return Datetime{local};
}

TimestampResult ToTimestampIn(Datetime value, std::string_view zone) {
  int64_t utc = 0;
  if (!values::LocalToUtc(zone, value.micros, &utc))
    return base::InvalidArgument("Invalid time zone: ", zone);
  if (!values::IsTimestamp(utc)) return base::InvalidArgument("Timestamp is out of range");
  return Timestamp{utc};
}

TimestampResult TimestampTrunc(Timestamp value, std::string_view part, std::string_view zone) {
  BQCDC_ASSIGN_OR_RETURN(const Part parsed, ParsePart(part));
  BQCDC_ASSIGN_OR_RETURN(const Datetime local, ToDatetimeIn(value, zone));
  BQCDC_ASSIGN_OR_RETURN(const int64_t cut, TruncateDatetime(local.micros, parsed, "TIMESTAMP_TRUNC"));
  // Within a day the zone's offset stays; a day or more begins at its own offset.
  if (FixedMicros(parsed.kind)) return Timestamp{value.micros - (local.micros - cut)};
  return ToTimestampIn(Datetime{cut}, zone);
}

IntResult TimestampDiff(Timestamp a, Timestamp b, std::string_view part) {
  BQCDC_ASSIGN_OR_RETURN(const Part parsed, ParsePart(part));
  const std::optional<int64_t> unit = FixedTimestampMicros(parsed.kind);
  if (!unit) return base::InvalidArgument("TIMESTAMP_DIFF does not support the ", part, " date part");
  return (a.micros - b.micros) / *unit;
}

absl::StatusOr<std::vector<Date>> GenerateDates(Date from, Date to, int64_t step, std::string_view part) {
  if (step == 0) return base::InvalidArgument("Sequence step cannot be 0.");
  std::vector<Date> dates;
  for (int64_t i = 0;; ++i) {
    auto next = DateAdd(from, step * i, part, "GENERATE_DATE_ARRAY");
    // Beyond the calendar's end there is nothing more to give; a bad part fails at the first element.
    if (!next.ok() && i > 0) return dates;
    if (!next.ok()) return next.status();
    if (step > 0 ? next->days > to.days : next->days < to.days) return dates;
    dates.push_back(*next);
    if (dates.size() > kOutputElementsMax) return TooManyElements();
  }
}

absl::StatusOr<std::vector<Timestamp>> GenerateTimestamps(Timestamp from, Timestamp to, int64_t step,
                                                          std::string_view part) {
  if (step == 0) return base::InvalidArgument("Sequence step cannot be 0.");
  std::vector<Timestamp> times;
  Timestamp next = from;
  while (step > 0 ? next.micros <= to.micros : next.micros >= to.micros) {
    times.push_back(next);
    if (times.size() > kOutputElementsMax) return TooManyElements();
    auto moved = TimestampAdd(next, step, part, "GENERATE_TIMESTAMP_ARRAY");
    if (!moved.ok() && times.size() > 1) return times;
    if (!moved.ok()) return moved.status();
    next = *moved;
  }
  return times;
}

TimestampResult FromUnix(int64_t value, int64_t unit) {
  int64_t micros = 0;
  if (__builtin_mul_overflow(value, unit, &micros) || !values::IsTimestamp(micros)) {
    return base::InvalidArgument("Timestamp value is out of allowed range: ", value);
  }
  return Timestamp{micros};
}

void AddConstructors(OwnFunctions& f) {
  AddFunction(
      f, "bq_date_of_parts", +[](int64_t y, int64_t m, int64_t d) -> DateResult {
        if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > 31 ||
            !values::IsCivilDate(static_cast<int>(y), static_cast<int>(m), static_cast<int>(d))) {
          return base::InvalidArgument("Input calculates to invalid date: ", y, "-", m, "-", d);
        }
        return Date{values::ToDate(static_cast<int>(y), static_cast<int>(m), static_cast<int>(d))};
      });
  AddFunction(
      f, "bq_time_of_parts", +[](int64_t h, int64_t m, int64_t s) -> TimeResult {
        if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59) {
          return base::InvalidArgument("Input calculates to invalid time: ", h, ":", m, ":", s);
        }
        return Time{((h * 60 + m) * 60 + s) * values::kMicrosPerSecond};
      });
  AddFunction(
      f, "bq_datetime_of_parts",
      +[](int64_t y, int64_t mo, int64_t d, int64_t h, int64_t m, int64_t s) -> DatetimeResult {
        const bool date = y >= 1 && y <= 9999 && mo >= 1 && mo <= 12 && d >= 1 && d <= 31 &&
                          values::IsCivilDate(static_cast<int>(y), static_cast<int>(mo), static_cast<int>(d));
        if (!date || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59) {
          return base::InvalidArgument("Input calculates to invalid datetime");
        }
        return Datetime{values::ToDate(static_cast<int>(y), static_cast<int>(mo), static_cast<int>(d)) *
                            kMicrosPerDay +
                        ((h * 60 + m) * 60 + s) * values::kMicrosPerSecond};
      });
  AddFunction(
      f, "bq_date_to_datetime", +[](Date a) -> Datetime { return {a.days * kMicrosPerDay}; });
  AddFunction(
      f, "bq_date_with_time",
      +[](Date a, Time b) -> Datetime { return {a.days * kMicrosPerDay + b.micros}; });
  AddFunction(
      f, "bq_datetime_to_date",
      +[](Datetime a) -> Date { return {static_cast<int32_t>(FloorDivide(a.micros, kMicrosPerDay))}; });
  AddFunction(
      f, "bq_datetime_to_time",
      +[](Datetime a) -> Time { return {a.micros - FloorDivide(a.micros, kMicrosPerDay) * kMicrosPerDay}; });
  AddFunction(f, "bq_timestamp_to_datetime", &ToDatetimeIn);
  AddFunction(f, "bq_datetime_to_timestamp", &ToTimestampIn);
  AddFunction(
      f, "bq_unix_date", +[](Date a) -> int64_t { return a.days; });
  AddFunction(
      f, "bq_date_from_unix_date", +[](int64_t a) -> DateResult {
        if (!values::IsDate(a)) return base::InvalidArgument("Input calculates to invalid date: ", a);
        return Date{static_cast<int32_t>(a)};
      });
  AddFunction(
      f, "bq_unix_seconds",
      +[](Timestamp a) -> int64_t { return FloorDivide(a.micros, values::kMicrosPerSecond); });
  AddFunction(
      f, "bq_unix_millis", +[](Timestamp a) -> int64_t { return FloorDivide(a.micros, 1000); });
  AddFunction(
      f, "bq_unix_micros", +[](Timestamp a) -> int64_t { return a.micros; });
  AddFunction(
      f, "bq_timestamp_seconds", +[](int64_t a) { return FromUnix(a, values::kMicrosPerSecond); });
  AddFunction(
      f, "bq_timestamp_millis", +[](int64_t a) { return FromUnix(a, 1000); });
  AddFunction(
      f, "bq_timestamp_micros", +[](int64_t a) { return FromUnix(a, 1); });
  AddFunction(
      f, "bq_timestamp_to_string", +[](Timestamp a, std::string_view zone) -> absl::StatusOr<std::string> {
        BQCDC_ASSIGN_OR_RETURN(const Datetime local, ToDatetimeIn(a, zone));
        const int64_t offset = local.micros - a.micros;
        const int64_t minutes = (offset < 0 ? -offset : offset) / values::kMicrosPerMinute;
        std::string suffix = offset < 0 ? "-" : "+";
        base::StrAppend(&suffix, absl::Dec(minutes / 60, absl::kZeroPad2));
        if (minutes % 60 != 0) base::StrAppend(&suffix, ":", absl::Dec(minutes % 60, absl::kZeroPad2));
        return values::FormatTimestamp(local.micros, suffix);
      });
}

void AddMovers(OwnFunctions& f) {
  using V = std::string_view;
  AddFunction(
      f, "bq_date_add", +[](Date a, int64_t n, V p) { return DateAdd(a, n, p, "DATE_ADD"); });
  AddFunction(
      f, "bq_date_sub", +[](Date a, int64_t n, V p) -> DateResult {
        BQCDC_ASSIGN_OR_RETURN(const int64_t back, Negated(n));
        return DateAdd(a, back, p, "DATE_SUB");
      });
  AddFunction(
      f, "bq_datetime_add", +[](Datetime a, int64_t n, V p) { return DatetimeAdd(a, n, p, "DATETIME_ADD"); });
  AddFunction(
      f, "bq_datetime_sub", +[](Datetime a, int64_t n, V p) -> DatetimeResult {
        BQCDC_ASSIGN_OR_RETURN(const int64_t back, Negated(n));
        return DatetimeAdd(a, back, p, "DATETIME_SUB");
      });
  AddFunction(
      f, "bq_timestamp_add",
      +[](Timestamp a, int64_t n, V p) { return TimestampAdd(a, n, p, "TIMESTAMP_ADD"); });
  AddFunction(
      f, "bq_timestamp_sub", +[](Timestamp a, int64_t n, V p) -> TimestampResult {
        BQCDC_ASSIGN_OR_RETURN(const int64_t back, Negated(n));
        return TimestampAdd(a, back, p, "TIMESTAMP_SUB");
      });
  AddFunction(
      f, "bq_time_add", +[](Time a, int64_t n, V p) { return TimeAdd(a, n, p, "TIME_ADD"); });
  AddFunction(
      f, "bq_time_sub", +[](Time a, int64_t n, V p) -> TimeResult {
        BQCDC_ASSIGN_OR_RETURN(const int64_t back, Negated(n));
        return TimeAdd(a, back, p, "TIME_SUB");
      });
  AddFunction(
      f, "bq_date_trunc", +[](Date a, V p) -> DateResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        return As<Date>(TruncateDate(a.days, part, "DATE_TRUNC"));
      });
  AddFunction(
      f, "bq_datetime_trunc", +[](Datetime a, V p) -> DatetimeResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        return As<Datetime>(TruncateDatetime(a.micros, part, "DATETIME_TRUNC"));
      });
  AddFunction(f, "bq_timestamp_trunc", &TimestampTrunc);
  AddFunction(
      f, "bq_time_trunc", +[](Time a, V p) -> TimeResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        if (!FixedMicros(part.kind))
          return base::InvalidArgument("TIME_TRUNC does not support the ", p, " date part");
        return As<Time>(TruncateDatetime(a.micros, part, "TIME_TRUNC"));
      });
  AddFunction(
      f, "bq_last_day", +[](Date a, V p) -> DateResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        return As<Date>(LastDayOf(a.days, part));
      });
  AddFunction(f, "bq_generate_date_array", &GenerateDates);
  AddFunction(f, "bq_generate_timestamp_array", &GenerateTimestamps);
}

void AddMeasures(OwnFunctions& f) {
  using V = std::string_view;
  AddFunction(
      f, "bq_date_diff", +[](Date a, Date b, V p) -> IntResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        return DifferenceOfDates(a.days, b.days, part, "DATE_DIFF");
      });
  AddFunction(
      f, "bq_datetime_diff", +[](Datetime a, Datetime b, V p) -> IntResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        return DifferenceOfDatetimes(a.micros, b.micros, part, "DATETIME_DIFF");
      });
  AddFunction(f, "bq_timestamp_diff", &TimestampDiff);
  AddFunction(
      f, "bq_time_diff", +[](Time a, Time b, V p) -> IntResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        if (!FixedMicros(part.kind))
          return base::InvalidArgument("TIME_DIFF does not support the ", p, " date part");
        return DifferenceOfDatetimes(a.micros, b.micros, part, "TIME_DIFF");
      });
  AddFunction(
      f, "bq_extract_date", +[](Date a, V p) -> IntResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        return ExtractFromDate(a.days, part, "DATE");
      });
  AddFunction(
      f, "bq_extract_datetime", +[](Datetime a, V p) -> IntResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        return ExtractFromDatetime(a.micros, part, true, "DATETIME");
      });
  AddFunction(
      f, "bq_extract_time", +[](Time a, V p) -> IntResult {
        BQCDC_ASSIGN_OR_RETURN(const Part part, ParsePart(p));
        return ExtractFromDatetime(a.micros, part, false, "TIME");
      });
}

}  // namespace

void AddTimeFunctions(OwnFunctions& functions) {
  AddConstructors(functions);
  AddMovers(functions);
  AddMeasures(functions);
}

}  // namespace bqcdc::emulator::sql
