#include "bqcdc/emulator/convert/time_parts.h"

#include <cstring>

#include "bqcdc/emulator/convert/wire_reader.h"

namespace bqcdc::emulator::convert {

bool ReadSecondsAndNanos(std::string_view message, SecondsAndNanos* result) {
  WireReader reader(message);
  while (!reader.done()) {
    uint32_t number;
    WireType type;
    uint64_t value;
    if (!reader.ReadTag(&number, &type)) return false;
    if (type == WireType::kVarint && number <= 2) {
      if (!reader.ReadVarint(&value)) return false;
      if (number == 1) result->seconds = static_cast<int64_t>(value);
      if (number == 2) result->nanos = static_cast<int32_t>(value);
    } else if (!reader.Skip(number, type)) {
      return false;
    }
  }
  return true;
}

CalendarUnits ReadCalendarUnits(std::string_view value) {
  constexpr int64_t kNanosPerMilli = 1'000'000;
  CalendarUnits units;
  const auto read = [&](size_t at, auto* part) { std::memcpy(part, value.data() + at, sizeof *part); };
  if (value.size() == 4) {
    read(0, &units.months);
  } else if (value.size() == 8) {
    int32_t millis;
    read(0, &units.days);
    read(4, &millis);
    units.nanos = millis * kNanosPerMilli;
  } else {
    read(0, &units.months);
    read(4, &units.days);
    read(8, &units.nanos);
  }
  return units;
}

}  // namespace bqcdc::emulator::convert
