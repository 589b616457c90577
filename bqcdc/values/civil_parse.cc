// Texts of DATE, TIME, DATETIME and TIMESTAMP, and time zones. The arithmetic is in civil_time.cc.

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::values {
namespace {

constexpr int kZoneOffsetHoursMax = 14;
constexpr size_t kZoneNameBytesMax = 64;
// Abseil remembers each unknown name for ever; hostile input must not grow that without bound.
constexpr int kUnknownZonesMax = 4096;

// A cursor over the text. Every method that takes something returns false, and takes nothing, where it is not
// there.
class CivilCursor {
 public:
  explicit CivilCursor(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  std::string_view rest() const { return text_; }

  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool TakeNumber(size_t digits_min, size_t digits_max, int* value) {
    size_t count = 0;
    int number = 0;
    while (count < text_.size() && count < digits_max && IsDigit(text_[count])) {
      number = number * 10 + (text_[count++] - '0');
    }
    if (count < digits_min) return false;
    text_.remove_prefix(count);
    *value = number;
    return true;
  }

  // T or a space, where a digit follows (a zone may follow a date as well).
  bool TakeDateTimeDivider() {
    if (text_.size() < 2 || !IsDigit(text_[1])) return false;
    return Take('T') || Take('t') || Take(' ');
  }

  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

 private:
  std::string_view text_;
};

ValueError TakeDate(CivilCursor* cursor, CivilForm form, CivilFields* fields) {
  if (!cursor->TakeNumber(4, 4, &fields->year)) return ValueError::kMalformed;
  const char divider =
      form == CivilForm::kJson && !cursor->at_end() && cursor->rest().front() == '/' ? '/' : '-';
  if (!cursor->Take(divider) || !cursor->TakeNumber(1, 2, &fields->month) || !cursor->Take(divider) ||
      !cursor->TakeNumber(1, 2, &fields->day)) {
    return ValueError::kMalformed;
  }
  return IsCivilDate(fields->year, fields->month, fields->day) ? ValueError::kNone : ValueError::kOutOfRange;
}

ValueError TakeFraction(CivilCursor* cursor, int* microsecond) {
  constexpr size_t kDigits = 6;
  const size_t before = cursor->rest().size();
  if (!cursor->TakeNumber(1, kDigits, microsecond)) return ValueError::kMalformed;
  for (size_t digits = before - cursor->rest().size(); digits < kDigits; ++digits) *microsecond *= 10;
  if (!cursor->at_end() && CivilCursor::IsDigit(cursor->rest().front())) return ValueError::kTooPrecise;
  return ValueError::kNone;
}

ValueError TakeTime(CivilCursor* cursor, CivilForm form, CivilFields* fields) {
  if (!cursor->TakeNumber(1, 2, &fields->hour) || !cursor->Take(':') ||
      !cursor->TakeNumber(1, 2, &fields->minute)) {
    return ValueError::kMalformed;
  }
  if (cursor->Take(':')) {
    if (!cursor->TakeNumber(1, 2, &fields->second)) return ValueError::kMalformed;
    if (cursor->Take('.')) {
      if (const ValueError error = TakeFraction(cursor, &fields->microsecond); error != ValueError::kNone) {
        return error;
      }
    }
  } else if (form != CivilForm::kJson) {
    return ValueError::kMalformed;
  }
  const bool in_range = fields->hour <= 23 && fields->minute <= 59 && fields->second <= 59;
  return in_range ? ValueError::kNone : ValueError::kOutOfRange;
}

// Reads (+|-)H[H][:MM] that is the whole text.
std::optional<int64_t> ParseZoneOffset(std::string_view text) {
  CivilCursor cursor(text);
  const bool negative = cursor.Take('-');
  if (!negative && !cursor.Take('+')) return std::nullopt;
  int hours = 0;
  int minutes = 0;
  if (!cursor.TakeNumber(1, 2, &hours)) return std::nullopt;
  if (cursor.Take(':') && !cursor.TakeNumber(2, 2, &minutes)) return std::nullopt;
  if (!cursor.at_end() || minutes > 59 || hours * 60 + minutes > kZoneOffsetHoursMax * 60)
    return std::nullopt;
  const int64_t micros = hours * kMicrosPerHour + minutes * kMicrosPerMinute;
  return negative ? -micros : micros;
}

bool IsZoneName(std::string_view name) {
  if (name.empty() || name.size() > kZoneNameBytesMax) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool inner = CivilCursor::IsDigit(c) || c == '_' || c == '/' || c == '+' || c == '-';
    if (!letter && (i == 0 || !inner)) return false;
  }
  return true;
}

// Loads a zone by name; false where there is none.
bool LoadZone(std::string_view name, absl::TimeZone* zone) {
  static std::atomic<int> unknown_count = 0;
  if (!IsZoneName(name) || unknown_count.load(std::memory_order_relaxed) >= kUnknownZonesMax) return false;
  if (absl::LoadTimeZone(std::string(name), zone)) return true;
  unknown_count.fetch_add(1, std::memory_order_relaxed);
  return false;
}

bool IsUtc(std::string_view zone) { return zone == "Z" || zone == "z" || zone == "UTC"; }

}  // namespace

bool LocalToUtc(std::string_view zone, int64_t local_micros, int64_t* utc_micros) {
  if (IsUtc(zone)) {
    *utc_micros = local_micros;
    return true;
  }
  if (const std::optional<int64_t> offset = ParseZoneOffset(zone)) {
    *utc_micros = local_micros - *offset;
    return true;
  }
  absl::TimeZone time_zone;
  if (!LoadZone(zone, &time_zone)) return false;
  const CivilFields fields = DatetimeFields(local_micros);
  const absl::CivilSecond second(fields.year, fields.month, fields.day, fields.hour, fields.minute,
                                 fields.second);
  // In a gap or an overlap the offset before the change counts.
  *utc_micros = absl::ToUnixSeconds(time_zone.At(second).pre) * kMicrosPerSecond + fields.microsecond;
  return true;
}

bool UtcToLocal(std::string_view zone, int64_t utc_micros, int64_t* local_micros) {
  if (IsUtc(zone)) {
    *local_micros = utc_micros;
    return true;
  }
  if (const std::optional<int64_t> offset = ParseZoneOffset(zone)) {
    *local_micros = utc_micros + *offset;
    return true;
  }
  absl::TimeZone time_zone;
  if (!LoadZone(zone, &time_zone)) return false;
  *local_micros = utc_micros + time_zone.At(absl::FromUnixMicros(utc_micros)).offset * kMicrosPerSecond;
  return true;
}

ValueError ParseDate(std::string_view text, int32_t* days, CivilForm form) {
  CivilCursor cursor(text);
  CivilFields fields;
  if (const ValueError error = TakeDate(&cursor, form, &fields); error != ValueError::kNone) return error;
  if (!cursor.at_end()) return ValueError::kMalformed;
  *days = ToDate(fields.year, fields.month, fields.day);
  return ValueError::kNone;
}

ValueError ParseTime(std::string_view text, int64_t* micros, CivilForm form) {
  CivilCursor cursor(text);
  CivilFields fields;  // The time of day on 1970-01-01.
  if (const ValueError error = TakeTime(&cursor, form, &fields); error != ValueError::kNone) return error;
  if (!cursor.at_end()) return ValueError::kMalformed;
  *micros = ToDatetime(fields);
  return ValueError::kNone;
}

ValueError ParseDatetime(std::string_view text, int64_t* micros, CivilForm form) {
  CivilCursor cursor(text);
  CivilFields fields;
  if (const ValueError error = TakeDate(&cursor, form, &fields); error != ValueError::kNone) return error;
  if (cursor.TakeDateTimeDivider()) {
    const ValueError error = TakeTime(&cursor, form, &fields);
    if (error != ValueError::kNone) return error;
  }
  if (!cursor.at_end()) return ValueError::kMalformed;
  *micros = ToDatetime(fields);
  return ValueError::kNone;
}

ValueError ParseTimestamp(std::string_view text, int64_t* micros, CivilForm form) {
  CivilCursor cursor(text);
  CivilFields fields;
  if (const ValueError error = TakeDate(&cursor, form, &fields); error != ValueError::kNone) return error;
  if (cursor.TakeDateTimeDivider()) {
    const ValueError error = TakeTime(&cursor, form, &fields);
    if (error != ValueError::kNone) return error;
  }
  int64_t utc = ToDatetime(fields);
  if (!cursor.at_end()) {
    cursor.Take(' ');
    if (!LocalToUtc(cursor.rest(), utc, &utc)) return ValueError::kMalformed;
  }
  if (!IsTimestamp(utc)) return ValueError::kOutOfRange;
  *micros = utc;
  return ValueError::kNone;
}

}  // namespace bqcdc::values
