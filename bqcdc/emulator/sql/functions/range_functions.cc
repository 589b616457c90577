// GENERATE_RANGE_ARRAY: where the parts of a range begin and end
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/range-functions#generate_range_array).

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/date_part.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::sql {
namespace {

using values::Interval;

struct Step {
  int64_t months = 0;
  int64_t units = 0;  // days of a DATE, else microseconds
};

enum class Element { kDate, kDatetime, kTimestamp };

absl::StatusOr<Step> StepOf(const Interval& interval, Element element) {
  const int parts = (interval.months != 0) + (interval.days != 0) + (interval.micros != 0);
  if (parts > 1) {
    return base::InvalidArgument(
        "GENERATE_RANGE_ARRAY takes an INTERVAL of a single date or time part as its step");
  }
  if (interval.months <= 0 && interval.days <= 0 && interval.micros <= 0) {
    return base::InvalidArgument("The step of GENERATE_RANGE_ARRAY must be positive");
  }
  if (element == Element::kDate && interval.micros != 0) {
    return base::InvalidArgument("The step of GENERATE_RANGE_ARRAY over RANGE<DATE> must be a date part");
  }
  if (element == Element::kTimestamp && interval.months != 0) {
    return base::InvalidArgument(
        "The step of GENERATE_RANGE_ARRAY over RANGE<TIMESTAMP> must be a part from DAY to SECOND");
  }
  if (element == Element::kDate) return Step{interval.months, interval.days};
  return Step{interval.months, interval.days * values::kMicrosPerDay + interval.micros};
}

// `start` and `index` steps; nullopt beyond the calendar. Counted from the start, so that months keep its
// day.
std::optional<int64_t> Bound(int64_t start, const Step& step, int64_t index, Element element) {
  if (step.months != 0) {
    const Part month{DatePartKind::kMonth, 0};
    const auto moved = element == Element::kDate ? AddToDate(start, step.months * index, month, "")
                                                 : AddToDatetime(start, step.months * index, month, "");
    return moved.ok() ? std::optional<int64_t>(*moved) : std::nullopt;
  }
  int64_t moved = 0;
  if (__builtin_mul_overflow(step.units, index, &moved) || __builtin_add_overflow(start, moved, &moved))
    return std::nullopt;
  return moved;
}

// Where the parts begin, and behind them where the last one ends.
absl::StatusOr<std::vector<int64_t>> Bounds(int64_t start, int64_t end, const Interval& interval,
                                            bool include_partial, Element element) {
  BQCDC_ASSIGN_OR_RETURN(const Step step, StepOf(interval, element));
  std::vector<int64_t> bounds = {start};
  for (int64_t i = 1; bounds.back() < end; ++i) {
    const int64_t next = Bound(start, step, i, element).value_or(INT64_MAX);
    if (next > end && !include_partial) break;
    bounds.push_back(std::min(next, end));
    if (bounds.size() > kOutputElementsMax + 1) return TooManyElements();
  }
  return bounds;
}

template <typename T, Element kElement, bool kEnds, auto kValue, auto kMake>
absl::StatusOr<std::vector<T>> PartEnds(T start, T end, Interval step, bool include_partial) {
  BQCDC_ASSIGN_OR_RETURN(const std::vector<int64_t> bounds,
                         Bounds(kValue(start), kValue(end), step, include_partial, kElement));
  std::vector<T> ends;
  for (size_t i = kEnds ? 1 : 0; i + (kEnds ? 0 : 1) < bounds.size(); ++i) ends.push_back(kMake(bounds[i]));
  return ends;
}

int64_t DaysOf(Date date) { return date.days; }
Date DateOf(int64_t days) { return {static_cast<int32_t>(days)}; }
template <typename T>
int64_t MicrosOf(T value) {
  return value.micros;
}
template <typename T>
T OfMicros(int64_t micros) {
  return {micros};
}

template <typename T, Element kElement, auto kValue, auto kMake>
void AddBoth(OwnFunctions& f, const std::string& element) {
  AddFunction(f, "bq_range_part_starts_" + element, &PartEnds<T, kElement, false, kValue, kMake>);
  AddFunction(f, "bq_range_part_ends_" + element, &PartEnds<T, kElement, true, kValue, kMake>);
}

}  // namespace

void AddRangeFunctions(OwnFunctions& f) {
  AddBoth<Date, Element::kDate, DaysOf, DateOf>(f, "date");
  AddBoth<Datetime, Element::kDatetime, MicrosOf<Datetime>, OfMicros<Datetime>>(f, "datetime");
  AddBoth<Timestamp, Element::kTimestamp, MicrosOf<Timestamp>, OfMicros<Timestamp>>(f, "timestamp");
}

}  // namespace bqcdc::emulator::sql
