#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bqcdc/values/value_error.h"

// DATE, TIME, DATETIME and TIMESTAMP as integers, their texts and the packed wire forms.
//
//   DATE       int32, days since 1970-01-01
//   TIME       int64, microseconds since midnight
//   DATETIME   int64, microseconds since 1970-01-01 00:00:00 on the same clock, no zone
//   TIMESTAMP  int64, microseconds since 1970-01-01 00:00:00 UTC
//
// Ranges are BigQuery's, years 1 to 9999
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#datetime_type).
namespace bqcdc::values {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

inline constexpr int32_t kDateMin = -719162;            // 0001-01-01
inline constexpr int32_t kDateMax = 2932896;            // 9999-12-31
inline constexpr int64_t kTimeMax = kMicrosPerDay - 1;  // 23:59:59.999999
inline constexpr int64_t kTimestampMin = -62135596800000000;
inline constexpr int64_t kTimestampMax = 253402300799999999;
inline constexpr int64_t kDatetimeMin = kTimestampMin;
inline constexpr int64_t kDatetimeMax = kTimestampMax;

// A date and a time of day, field by field. year 1..9999, month 1..12, day 1..31, second 0..59.
struct CivilFields {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};

constexpr bool IsDate(int64_t days) { return days >= kDateMin && days <= kDateMax; }
constexpr bool IsTime(int64_t micros) { return micros >= 0 && micros <= kTimeMax; }
constexpr bool IsDatetime(int64_t micros) { return micros >= kDatetimeMin && micros <= kDatetimeMax; }
constexpr bool IsTimestamp(int64_t micros) { return micros >= kTimestampMin && micros <= kTimestampMax; }

// Fields of a DATETIME (or of a TIMESTAMP in UTC) in range, and back. The fields of ToDatetime must be in
// range except that `day` may exceed its month's length: see IsCivilDate.
CivilFields DatetimeFields(int64_t micros);
int64_t ToDatetime(const CivilFields& fields);
// Days of a proleptic Gregorian date.
int32_t ToDate(int year, int month, int day);
bool IsCivilDate(int year, int month, int day);

// Packed int64 forms of the Storage Write API. TIME: hour 32-36, minute 26-31, second 20-25, microsecond
// 0-19. DATETIME: year 46-59, month 42-45, day 37-41, then as TIME. Input of Pack must be in range; Unpack
// refuses any bit outside of the fields and any field out of range.
int64_t PackTime(int64_t micros);
int64_t PackTime(const CivilFields& fields);  // of its time of day
int64_t PackDatetime(int64_t micros);
int64_t PackDatetime(const CivilFields& fields);
[[nodiscard]] ValueError UnpackTime(int64_t packed, int64_t* micros);
[[nodiscard]] ValueError UnpackDatetime(int64_t packed, int64_t* micros);

// Which texts are accepted.
enum class CivilForm : uint8_t {
  kLiteral,  // BigQuery's canonical literals: dates with '-', seconds always present
  kJson,     // also what Google's JSON writers take: dates with '/', seconds left out
};

// Parsers of BigQuery's texts. No surrounding white space; at most six fractional digits (kTooPrecise
// beyond).
//   DATE       YYYY-[M]M-[D]D
//   TIME       [H]H:[M]M:[S]S[.F]
//   DATETIME   DATE[( |T)TIME]
//   TIMESTAMP  DATE[( |T)TIME][zone]; zone = Z | [ ]UTC | [ ](+|-)H[H][:MM] | [ ]Area/City; UTC when absent
[[nodiscard]] ValueError ParseDate(std::string_view text, int32_t* days,
                                   CivilForm form = CivilForm::kLiteral);
[[nodiscard]] ValueError ParseTime(std::string_view text, int64_t* micros,
                                   CivilForm form = CivilForm::kLiteral);
[[nodiscard]] ValueError ParseDatetime(std::string_view text, int64_t* micros,
                                       CivilForm form = CivilForm::kLiteral);
[[nodiscard]] ValueError ParseTimestamp(std::string_view text, int64_t* micros,
                                        CivilForm form = CivilForm::kLiteral);

// Offset of a zone (a name of the time zone database, "UTC", "+05:30") at a local time; false where there is
// no such zone. The result is the instant in microseconds since 1970 UTC.
[[nodiscard]] bool LocalToUtc(std::string_view zone, int64_t local_micros, int64_t* utc_micros);
[[nodiscard]] bool UtcToLocal(std::string_view zone, int64_t utc_micros, int64_t* local_micros);

// How many fractional digits of a second are written.
enum class FractionDigits : uint8_t {
  kShortest,     // none for whole seconds, else 1 to 6 without trailing zeros
  kMilliMicro,   // 0, 3 or 6: what CAST(… AS STRING) writes
  kMicroOrNone,  // 0 or 6: what the REST API writes
};

// Canonical texts of values in range: YYYY-MM-DD, HH:MM:SS[.F], date and time divided by `divider`, and for a
// TIMESTAMP the UTC fields followed by `suffix` ("+00" is CAST's form).
std::string FormatDate(int32_t days);
std::string FormatTime(int64_t micros, FractionDigits digits = FractionDigits::kMilliMicro);
std::string FormatDatetime(int64_t micros, char divider = ' ',
                           FractionDigits digits = FractionDigits::kMilliMicro);
std::string FormatTimestamp(int64_t micros, std::string_view suffix = "+00",
                            FractionDigits digits = FractionDigits::kMilliMicro, char divider = ' ');

}  // namespace bqcdc::values
