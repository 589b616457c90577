#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/date_part.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/functions/time_format.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::sql {
namespace {

using TextResult = absl::StatusOr<std::string>;

constexpr FormatScope kDateScope{true, false, ""};
constexpr FormatScope kTimeScope{false, true, ""};
constexpr FormatScope kDatetimeScope{true, true, ""};

}  // namespace

void AddTimeFormatFunctions(OwnFunctions& f) {
  using V = std::string_view;
  AddFunction(
      f, "bq_format_date", +[](V format, Date a) -> TextResult {
        return FormatTime(format, a.days * values::kMicrosPerDay, 0, kDateScope);
      });
  AddFunction(
      f, "bq_format_datetime",
      +[](V format, Datetime a) -> TextResult { return FormatTime(format, a.micros, 0, kDatetimeScope); });
  AddFunction(
      f, "bq_format_time",
      +[](V format, Time a) -> TextResult { return FormatTime(format, a.micros, 0, kTimeScope); });
  AddFunction(
      f, "bq_format_timestamp", +[](V format, Timestamp a, V zone) -> TextResult {
        BQCDC_ASSIGN_OR_RETURN(const int64_t local, LocalTimeIn(zone, a.micros));
        return FormatTime(format, local, a.micros, FormatScope{true, true, zone});
      });
  AddFunction(
      f, "bq_parse_date_format", +[](V format, V text) -> absl::StatusOr<Date> {
        // Elements of a time of day are allowed in a date's format, and dropped.
        BQCDC_ASSIGN_OR_RETURN(const ParsedTime parsed, ParseTime(format, text, kDatetimeScope));
        return Date{static_cast<int32_t>(FloorDivide(parsed.local_micros, values::kMicrosPerDay))};
      });
  AddFunction(
      f, "bq_parse_datetime_format", +[](V format, V text) -> absl::StatusOr<Datetime> {
        BQCDC_ASSIGN_OR_RETURN(const ParsedTime parsed, ParseTime(format, text, kDatetimeScope));
        return Datetime{parsed.local_micros};
      });
  AddFunction(
      f, "bq_parse_time_format", +[](V format, V text) -> absl::StatusOr<Time> {
        BQCDC_ASSIGN_OR_RETURN(const ParsedTime parsed, ParseTime(format, text, kTimeScope));
        return Time{parsed.local_micros};
      });
  AddFunction(
      f, "bq_parse_timestamp_format", +[](V format, V text, V zone) -> absl::StatusOr<Timestamp> {
        BQCDC_ASSIGN_OR_RETURN(const ParsedTime parsed,
                               ParseTime(format, text, FormatScope{true, true, zone}));
        if (parsed.has_offset) return Timestamp{parsed.local_micros - parsed.offset_micros};
        int64_t utc = 0;
        if (!values::LocalToUtc(zone, parsed.local_micros, &utc)) {
          return base::InvalidArgument("Invalid time zone: ", zone);
        }
        return Timestamp{utc};
      });
}

}  // namespace bqcdc::emulator::sql
