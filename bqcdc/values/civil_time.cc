#include "bqcdc/values/civil_time.h"

#include <array>

namespace bqcdc::values {
namespace {

// Bit positions of the packed forms.
constexpr int kMicrosBits = 20;
constexpr int kSecondShift = kMicrosBits;
constexpr int kMinuteShift = kSecondShift + 6;
constexpr int kHourShift = kMinuteShift + 6;
constexpr int kDayShift = kHourShift + 5;
constexpr int kMonthShift = kDayShift + 5;
constexpr int kYearShift = kMonthShift + 4;
constexpr int kPackedTimeBits = kHourShift + 5;
constexpr int kPackedDatetimeBits = kYearShift + 14;

constexpr int Bits(int64_t packed, int shift, int width) {
  return static_cast<int>((packed >> shift) & ((int64_t{1} << width) - 1));
}

constexpr int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

constexpr bool IsLeapYear(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr int DaysOfMonth(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[static_cast<size_t>(month - 1)];
}

// The year starts in March and 400 years are one cycle of 146,097 days, so leap days come last in both.
constexpr int kDaysOfCycle = 146'097;
constexpr int kDaysTo1970 = 719'468;  // from 0000-03-01

void DateFields(int64_t days, CivilFields* fields) {
  const int64_t shifted = days + kDaysTo1970;
  const int64_t cycle = FloorDivide(shifted, kDaysOfCycle);
  const int day_of_cycle = static_cast<int>(shifted - cycle * kDaysOfCycle);
  const int year_of_cycle =
      (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36'524 - day_of_cycle / 146'096) / 365;
  const int day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const int month_from_march = (5 * day_of_year + 2) / 153;
  fields->day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  fields->month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  fields->year = static_cast<int>(cycle * 400) + year_of_cycle + (fields->month <= 2 ? 1 : 0);
}

void TimeFields(int64_t micros, CivilFields* fields) {
  fields->microsecond = static_cast<int>(micros % kMicrosPerSecond);
  const int seconds = static_cast<int>(micros / kMicrosPerSecond);
  fields->second = seconds % 60;
  fields->minute = seconds / 60 % 60;
  fields->hour = seconds / 3600;
}

int64_t TimeMicros(const CivilFields& fields) {
  return ((fields.hour * 60 + fields.minute) * int64_t{60} + fields.second) * kMicrosPerSecond +
         fields.microsecond;
}

bool IsTimeOfDay(const CivilFields& fields) {
  return fields.hour <= 23 && fields.minute <= 59 && fields.second <= 59 && fields.microsecond <= 999'999;
}

CivilFields UnpackTimeFields(int64_t packed) {
  CivilFields fields;
  fields.hour = Bits(packed, kHourShift, 5);
  fields.minute = Bits(packed, kMinuteShift, 6);
  fields.second = Bits(packed, kSecondShift, 6);
  fields.microsecond = Bits(packed, 0, kMicrosBits);
  return fields;
}

}  // namespace

CivilFields DatetimeFields(int64_t micros) {
  CivilFields fields;
  const int64_t days = FloorDivide(micros, kMicrosPerDay);
  DateFields(days, &fields);
  TimeFields(micros - days * kMicrosPerDay, &fields);
  return fields;
}

int64_t ToDatetime(const CivilFields& fields) {
  return ToDate(fields.year, fields.month, fields.day) * kMicrosPerDay + TimeMicros(fields);
}

int32_t ToDate(int year, int month, int day) {
  const int march_year = month <= 2 ? year - 1 : year;
  const int64_t cycle = FloorDivide(march_year, 400);
  const int year_of_cycle = static_cast<int>(march_year - cycle * 400);
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
  return static_cast<int32_t>(cycle * kDaysOfCycle + day_of_cycle - kDaysTo1970);
}

bool IsCivilDate(int year, int month, int day) {
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
         day <= DaysOfMonth(year, month);
}

int64_t PackTime(int64_t micros) {
  CivilFields fields;
  TimeFields(micros, &fields);
  return PackTime(fields);
}

int64_t PackTime(const CivilFields& fields) {
  return (static_cast<int64_t>(fields.hour) << kHourShift) |
         (static_cast<int64_t>(fields.minute) << kMinuteShift) |
         (static_cast<int64_t>(fields.second) << kSecondShift) | fields.microsecond;
}

int64_t PackDatetime(int64_t micros) { return PackDatetime(DatetimeFields(micros)); }

int64_t PackDatetime(const CivilFields& fields) {
  return (static_cast<int64_t>(fields.year) << kYearShift) |
         (static_cast<int64_t>(fields.month) << kMonthShift) |
         (static_cast<int64_t>(fields.day) << kDayShift) | PackTime(fields);
}

ValueError UnpackTime(int64_t packed, int64_t* micros) {
  if (packed < 0 || (packed >> kPackedTimeBits) != 0) return ValueError::kOutOfRange;
  const CivilFields fields = UnpackTimeFields(packed);
  if (!IsTimeOfDay(fields)) return ValueError::kOutOfRange;
  *micros = TimeMicros(fields);
  return ValueError::kNone;
}

ValueError UnpackDatetime(int64_t packed, int64_t* micros) {
  if (packed < 0 || (packed >> kPackedDatetimeBits) != 0) return ValueError::kOutOfRange;
  CivilFields fields = UnpackTimeFields(packed);
  fields.year = Bits(packed, kYearShift, 14);
  fields.month = Bits(packed, kMonthShift, 4);
  fields.day = Bits(packed, kDayShift, 5);
  if (!IsCivilDate(fields.year, fields.month, fields.day) || !IsTimeOfDay(fields))
    return ValueError::kOutOfRange;
  *micros = ToDatetime(fields);
  return ValueError::kNone;
}

namespace {

char* WriteDigits(int value, int width, char* out) {
  for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + width;
}

char* WriteDate(const CivilFields& fields, char* out) {
  out = WriteDigits(fields.year, 4, out);
  *out++ = '-';
  out = WriteDigits(fields.month, 2, out);
  *out++ = '-';
  return WriteDigits(fields.day, 2, out);
}

char* WriteFraction(int microsecond, FractionDigits digits, char* out) {
  if (microsecond == 0) return out;
  *out++ = '.';
  char* const end = WriteDigits(microsecond, 6, out);
  switch (digits) {
    case FractionDigits::kMicroOrNone:
      return end;
    case FractionDigits::kMilliMicro:
      return microsecond % 1000 == 0 ? end - 3 : end;
    case FractionDigits::kShortest:
      break;
  }
  char* last = end;
  while (last[-1] == '0') --last;
  return last;
}

char* WriteTime(const CivilFields& fields, FractionDigits digits, char* out) {
  out = WriteDigits(fields.hour, 2, out);
  *out++ = ':';
  out = WriteDigits(fields.minute, 2, out);
  *out++ = ':';
  out = WriteDigits(fields.second, 2, out);
  return WriteFraction(fields.microsecond, digits, out);
}

constexpr size_t kTextBytesMax = 32;

}  // namespace

std::string FormatDate(int32_t days) {
  CivilFields fields;
  DateFields(days, &fields);
  char text[kTextBytesMax];
  return std::string(text, WriteDate(fields, text));
}

std::string FormatTime(int64_t micros, FractionDigits digits) {
  CivilFields fields;
  TimeFields(micros, &fields);
  char text[kTextBytesMax];
  return std::string(text, WriteTime(fields, digits, text));
}

std::string FormatDatetime(int64_t micros, char divider, FractionDigits digits) {
  const CivilFields fields = DatetimeFields(micros);
  char text[kTextBytesMax];
  char* end = WriteDate(fields, text);
  *end++ = divider;
  return std::string(text, WriteTime(fields, digits, end));
}

std::string FormatTimestamp(int64_t micros, std::string_view suffix, FractionDigits digits, char divider) {
  return FormatDatetime(micros, divider, digits).append(suffix);
}

}  // namespace bqcdc::values
