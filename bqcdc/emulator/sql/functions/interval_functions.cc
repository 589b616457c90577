// https://cloud.google.com/bigquery/docs/reference/standard-sql/interval_functions

#include "absl/strings/str_split.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/date_part.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::sql {
namespace {

using values::Interval;
using IntervalResult = absl::StatusOr<Interval>;

IntervalResult Checked(__int128 months, __int128 days, __int128 micros) {
  const auto inside = [](__int128 value, int64_t limit) { return value >= -limit && value <= limit; };
  if (!inside(months, Interval::kMonthsMax) || !inside(days, Interval::kDaysMax) ||
      !inside(micros, Interval::kMicrosMax)) {
    return base::InvalidArgument("Interval value is out of range");
  }
  return Interval{static_cast<int32_t>(months), static_cast<int32_t>(days), static_cast<int64_t>(micros)};
}

IntervalResult OfPart(int64_t amount, std::string_view part) {
  Interval interval;
  switch (values::MakeInterval(amount, part, &interval)) {
    case values::ValueError::kNone:
      return interval;
    case values::ValueError::kOutOfRange:
      return base::InvalidArgument("Interval value is out of range");
    default:
      return base::InvalidArgument("Unsupported interval part ", part);
  }
}

// INTERVAL 'text' PART [TO PART].
IntervalResult Parse(std::string_view text, std::string_view from, std::string_view to) {
  Interval interval;
  std::string whole = base::StrCat("INTERVAL '", text, "' ", from);
  if (!to.empty()) base::StrAppend(&whole, " TO ", to);
  if (text.find('\'') == std::string_view::npos &&
      values::ParseSqlInterval(whole, &interval) == values::ValueError::kNone) {
    return interval;
  }
  return base::InvalidArgument("Invalid INTERVAL value '", text, "'");
}

// Adds months and days to the date, then microseconds to the time.
absl::StatusOr<Datetime> AddTo(Datetime value, Interval interval) {
  int64_t days = FloorDivide(value.micros, values::kMicrosPerDay);
  const int64_t of_day = value.micros - days * values::kMicrosPerDay;
  BQCDC_ASSIGN_OR_RETURN(days, AddMonths(days, interval.months));
  const __int128 moved =
      static_cast<__int128>(days + interval.days) * values::kMicrosPerDay + of_day + interval.micros;
  if (moved < values::kDatetimeMin || moved > values::kDatetimeMax) {
    return base::InvalidArgument("Datetime arithmetic result is out of range");
  }
  return Datetime{static_cast<int64_t>(moved)};
}

absl::StatusOr<Timestamp> AddToTimestamp(Timestamp value, Interval interval) {
  if (interval.months != 0) {
    return base::InvalidArgument(
        "TIMESTAMP +/- INTERVAL is not supported for intervals with non-zero MONTH or YEAR part.");
  }
  const __int128 moved =
      static_cast<__int128>(interval.days) * values::kMicrosPerDay + interval.micros + value.micros;
  if (moved < values::kTimestampMin || moved > values::kTimestampMax) {
    return base::InvalidArgument("Timestamp arithmetic result is out of range");
  }
  return Timestamp{static_cast<int64_t>(moved)};
}

// What stays of a division goes on to the next smaller part, a month counting 30 days.
IntervalResult Divide(Interval a, int64_t divisor) {
  if (divisor == 0) return base::InvalidArgument("Interval division by zero");
  const __int128 months = a.months / divisor;
  const __int128 days_left = static_cast<__int128>(a.months % divisor) * 30 + a.days;
  const __int128 days = days_left / divisor;
  const __int128 micros = ((days_left % divisor) * values::kMicrosPerDay + a.micros) / divisor;
  return Checked(months, days, micros);
}

IntervalResult JustifyHours(Interval a) {
  __int128 days = a.days + a.micros / values::kMicrosPerDay;
  __int128 micros = a.micros % values::kMicrosPerDay;
  if (micros < 0 && days > 0) {
    micros += values::kMicrosPerDay;
    --days;
  } else if (micros > 0 && days < 0) {
    micros -= values::kMicrosPerDay;
    ++days;
  }
  return Checked(a.months, days, micros);
}

IntervalResult JustifyDays(Interval a) {
  __int128 months = a.months + a.days / 30;
  __int128 days = a.days % 30;
  if (days < 0 && months > 0) {
    days += 30;
    --months;
  } else if (days > 0 && months < 0) {
    days -= 30;
    ++months;
  }
  return Checked(months, days, a.micros);
}

// Whole days out of the hours, whole months out of the days; then one part lends to the next until all have
// one sign.
IntervalResult JustifyInterval(Interval a) {
  __int128 days = a.days + a.micros / values::kMicrosPerDay;
  __int128 micros = a.micros % values::kMicrosPerDay;
  __int128 months = a.months + days / 30;
  days %= 30;
  const auto sign = [](__int128 value) { return (value > 0) - (value < 0); };
  const int rest = days != 0 ? sign(days) : sign(micros);
  if (sign(months) * rest < 0) {
    days += sign(months) * 30;
    months -= sign(months);
  }
  if (sign(days) * sign(micros) < 0) {
    micros += sign(days) * values::kMicrosPerDay;
    days -= sign(days);
  }
  return Checked(months, days, micros);
}

absl::StatusOr<int64_t> Extract(Interval a, std::string_view part) {
  if (part == "YEAR") return a.months / 12;
  if (part == "MONTH") return a.months % 12;
  if (part == "DAY") return a.days;
  if (part == "HOUR") return a.micros / values::kMicrosPerHour;
  if (part == "MINUTE") return a.micros / values::kMicrosPerMinute % 60;
  if (part == "SECOND") return a.micros / values::kMicrosPerSecond % 60;
  if (part == "MILLISECOND") return a.micros / 1000 % 1000;
  if (part == "MICROSECOND") return a.micros % values::kMicrosPerSecond;
  return base::InvalidArgument("EXTRACT from INTERVAL does not support the ", part, " date part");
}

}  // namespace

void AddIntervalFunctions(OwnFunctions& f) {
  AddFunction(f, "bq_make_interval", &OfPart);
  AddFunction(f, "bq_parse_interval", &Parse);
  AddFunction(f, "bq_datetime_add_interval", &AddTo);
  AddFunction(f, "bq_timestamp_add_interval", &AddToTimestamp);
  AddFunction(
      f, "bq_interval_add", +[](Interval a, Interval b) {
        return Checked(static_cast<__int128>(a.months) + b.months, static_cast<__int128>(a.days) + b.days,
                       static_cast<__int128>(a.micros) + b.micros);
      });
  AddFunction(
      f, "bq_interval_negate", +[](Interval a) -> Interval {
        return {-a.months, -a.days, -a.micros};
      });
  AddFunction(
      f, "bq_interval_multiply", +[](Interval a, int64_t n) {
        return Checked(static_cast<__int128>(a.months) * n, static_cast<__int128>(a.days) * n,
                       static_cast<__int128>(a.micros) * n);
      });
  AddFunction(f, "bq_interval_divide", &Divide);
  AddFunction(
      f, "bq_date_difference", +[](Date a, Date b) -> Interval {
        return {0, a.days - b.days, 0};
      });
  AddFunction(
      f, "bq_datetime_difference", +[](Datetime a, Datetime b) -> Interval {
        return {0, 0, a.micros - b.micros};
      });
  AddFunction(
      f, "bq_timestamp_difference", +[](Timestamp a, Timestamp b) -> Interval {
        return {0, 0, a.micros - b.micros};
      });
  AddFunction(f, "bq_extract_interval", &Extract);
  AddFunction(
      f, "bq_interval_of_parts", +[](int64_t y, int64_t mo, int64_t d, int64_t h, int64_t m, int64_t s) {
        const __int128 wide = 1;
        return Checked(wide * y * 12 + mo, d, ((wide * h * 60 + m) * 60 + s) * values::kMicrosPerSecond);
      });
  AddFunction(f, "bq_justify_hours", &JustifyHours);
  AddFunction(f, "bq_justify_days", &JustifyDays);
  AddFunction(f, "bq_justify_interval", &JustifyInterval);
  AddFunction(
      f, "bq_sum_interval", +[](List<Interval> list) -> absl::StatusOr<std::optional<Interval>> {
        std::optional<Interval> sum;
        for (const auto& element : list.elements) {
          if (!element) continue;
          const Interval before = sum.value_or(Interval{});
          BQCDC_ASSIGN_OR_RETURN(sum, Checked(static_cast<__int128>(before.months) + element->months,
                                              static_cast<__int128>(before.days) + element->days,
                                              static_cast<__int128>(before.micros) + element->micros));
        }
        return sum;
      });
}

}  // namespace bqcdc::emulator::sql
