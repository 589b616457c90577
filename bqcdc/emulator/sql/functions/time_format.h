#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// strftime and strptime of GoogleSQL
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_elements_date_time).
// An element that is not known here is an error that names it.
namespace bqcdc::emulator::sql {

// What a value has: a DATE has no time of day, a TIME no date; only a TIMESTAMP has a zone.
struct FormatScope {
  bool date = true;
  bool time = true;
  std::string_view zone;     // empty: none
  int32_t picos = 0;         // behind the microsecond, of a TIMESTAMP(12)
  bool picoseconds = false;  // whether it is one
};

// The civil time of an instant in a zone; errors name the zone.
absl::StatusOr<int64_t> LocalTimeIn(std::string_view zone, int64_t utc_micros);

// `local_micros`: civil time since 1970; `utc_micros` is used for %s and the offset.
absl::StatusOr<std::string> FormatTime(std::string_view format, int64_t local_micros, int64_t utc_micros,
                                       const FormatScope& scope);

struct ParsedTime {
  int64_t local_micros = 0;
  bool has_offset = false;  // the text had a zone: `local_micros` minus `offset_micros` is UTC
  int64_t offset_micros = 0;
};
absl::StatusOr<ParsedTime> ParseTime(std::string_view format, std::string_view text,
                                     const FormatScope& scope);

}  // namespace bqcdc::emulator::sql
