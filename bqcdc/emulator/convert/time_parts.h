#pragma once

#include <cstdint>
#include <string_view>

// Instants and lengths of time that come in several numbers.
namespace bqcdc::emulator::convert {

// google.protobuf.Timestamp and Duration.
struct SecondsAndNanos {
  int64_t seconds = 0;
  int32_t nanos = 0;
};
// From the message's bytes; false where they are none.
[[nodiscard]] bool ReadSecondsAndNanos(std::string_view message, SecondsAndNanos* result);

// What Arrow calls an Interval.
struct CalendarUnits {
  int32_t months = 0;
  int32_t days = 0;
  int64_t nanos = 0;
};
// By the size of the value: 4 bytes are months; 8 days and milliseconds; 16 months, days and nanoseconds.
CalendarUnits ReadCalendarUnits(std::string_view value);

}  // namespace bqcdc::emulator::convert
