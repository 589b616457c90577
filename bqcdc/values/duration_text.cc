#include "bqcdc/values/duration_text.h"

#include <string>

#include "bqcdc/base/strings.h"

namespace bqcdc::values {

absl::StatusOr<absl::Duration> ParseDurationText(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(std::string(text), &duration)) {
    return base::InvalidArgument("not a duration: \"", text, "\" (write for example 15m, 1h30m, 500ms or 0)");
  }
  if (duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return base::InvalidArgument("a duration must be finite and not negative: \"", text, "\"");
  }
  return duration;
}

absl::StatusOr<Interval> ParseStaleness(std::string_view text) {
  Interval interval;
  if (absl::Duration duration; absl::ParseDuration(std::string(text), &duration)) {
    const absl::Duration limit = absl::Microseconds(Interval::kMicrosMax);
    if (duration < absl::ZeroDuration() || duration > limit) {
      return base::InvalidArgument("staleness out of range: \"", text, "\"");
    }
    interval.micros = absl::ToInt64Microseconds(duration);
    return interval;
  }
  const ValueError error = ParseSqlInterval(text, &interval);
  if (error == ValueError::kMalformed) {
    return base::InvalidArgument(
        "not a staleness: \"", text,
        "\" (write for example 15m, 1h30m, 0, '0-0 0 0:15:0' or INTERVAL 15 MINUTE)");
  }
  if (error != ValueError::kNone) {
    return base::InvalidArgument("staleness \"", text, "\" ", Describe(error));
  }
  if (interval.TotalMicros() < 0) {
    return base::InvalidArgument("a staleness must not be negative: \"", text, "\"");
  }
  return interval;
}

std::string FormatDurationText(absl::Duration duration) {
  if (duration == absl::ZeroDuration()) return "0s";
  return absl::FormatDuration(absl::Trunc(duration, absl::Microseconds(1)));
}

}  // namespace bqcdc::values
