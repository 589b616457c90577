#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/values/interval.h"

namespace bqcdc::values {

// Parses a duration of the command line: "15m", "1h30m", "250ms", "0", "0s". Refuses negative and infinite
// ones.
absl::StatusOr<absl::Duration> ParseDurationText(std::string_view text);

// Parses what --max-staleness takes: a duration of the command line or a SQL interval. Negative ones are
// refused.
absl::StatusOr<Interval> ParseStaleness(std::string_view text);

// Writes a duration as ParseDurationText takes it, whole microseconds: "1h30m", "0s".
std::string FormatDurationText(absl::Duration duration);

}  // namespace bqcdc::values
