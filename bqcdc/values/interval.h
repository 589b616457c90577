#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "bqcdc/values/value_error.h"

namespace bqcdc::values {

// An INTERVAL: three parts that do not carry into each other
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#interval_type).
struct Interval {
  static constexpr int32_t kMonthsMax = 10'000 * 12;
  static constexpr int32_t kDaysMax = 3'660'000;
  static constexpr int64_t kMicrosMax = 87'840'000LL * 3600 * 1'000'000;

  int32_t months = 0;
  int32_t days = 0;
  int64_t micros = 0;

  // Length in microseconds with BigQuery's comparison rule: a month counts 30 days, a day 24 hours.
  __int128 TotalMicros() const;

  // Field by field, which is identity, not SQL's equality (that is TotalMicros).
  friend bool operator==(const Interval&, const Interval&) = default;
};

// Parses the canonical text `[-]Y-M [-]D [-]H:M:S[.F]`, its tails `[-]D [-]H:M:S` and `[-]H:M:S`, and ISO
// 8601 durations whose parts may have signs of their own: `P1Y2M3W4DT5H6M7.5S`.
[[nodiscard]] ValueError ParseInterval(std::string_view text, Interval* out);

// Parses SQL's forms as a person writes them: `INTERVAL 15 MINUTE`, `INTERVAL '4:0:0' HOUR TO SECOND`, with
// or without the word INTERVAL, units from MICROSECOND to YEAR, case ignored; and what ParseInterval takes.
[[nodiscard]] ValueError ParseSqlInterval(std::string_view text, Interval* out);

// An amount of one unit ("MINUTE", "WEEK", case ignored). Malformed where the unit is not known.
[[nodiscard]] ValueError MakeInterval(int64_t amount, std::string_view unit, Interval* out);

// Canonical text, each part with its own sign; fraction of 0, 3 or 6 digits: "0-0 0 0:15:0".
std::string FormatInterval(const Interval& interval);

}  // namespace bqcdc::values
