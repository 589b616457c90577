// Functions of TIMESTAMP(12). Its values come as decimal text; most functions work on the microsecond that
// the instant lies in (time_rows.cc), these but bq_picos_to_timestamp on all of it.

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/date_part.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/functions/time_format.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/picoseconds.h"

namespace bqcdc::emulator::sql {
namespace {

using V = std::string_view;

absl::StatusOr<__int128> PicosOf(V text) {
  __int128 picos = 0;
  if (!values::PicosFromText(text, &picos)) return base::InvalidArgument("Timestamp is out of range");
  return picos;
}

// `amount` parts later, which may be negative.
absl::StatusOr<std::string> Moved(V text, __int128 amount, V part, V function) {
  BQCDC_ASSIGN_OR_RETURN(const __int128 picos, PicosOf(text));
  BQCDC_ASSIGN_OR_RETURN(const Part parsed, ParsePart(part));
  const std::optional<int64_t> unit = FixedTimestampMicros(parsed.kind);
  if (!unit) {
    return base::InvalidArgument(function, " does not support the ", part,
                                 " date part when the argument is TIMESTAMP type");
  }
  // 128 bits hold any number of days.
  const __int128 moved = picos + amount * *unit * values::kPicosPerMicro;
  constexpr __int128 kMin = static_cast<__int128>(values::kTimestampMin) * values::kPicosPerMicro;
  constexpr __int128 kEnd = (static_cast<__int128>(values::kTimestampMax) + 1) * values::kPicosPerMicro;
  if (moved < kMin || moved >= kEnd) {
    return base::InvalidArgument("Timestamp arithmetic result is out of range");
  }
  return values::PicosToText(moved);
}

absl::StatusOr<Timestamp> ToTimestamp(V text) {
  BQCDC_ASSIGN_OR_RETURN(const __int128 picos, PicosOf(text));
  return Timestamp{values::MicrosOfPicos(picos)};
}

// Whole parts that `difference` holds.
absl::StatusOr<int64_t> Difference(V difference, V part) {
  BQCDC_ASSIGN_OR_RETURN(const __int128 picos, PicosOf(difference));
  BQCDC_ASSIGN_OR_RETURN(const Part parsed, ParsePart(part));
  const std::optional<int64_t> unit = FixedTimestampMicros(parsed.kind);
  if (!unit) return base::InvalidArgument("TIMESTAMP_DIFF does not support the ", part, " date part");
  return static_cast<int64_t>(picos / (static_cast<__int128>(*unit) * values::kPicosPerMicro));
}

absl::StatusOr<std::string> Format(V format, V text, V zone) {
  BQCDC_ASSIGN_OR_RETURN(const __int128 picos, PicosOf(text));
  const int64_t micros = values::MicrosOfPicos(picos);
  BQCDC_ASSIGN_OR_RETURN(const int64_t local, LocalTimeIn(zone, micros));
  FormatScope scope{true, true, zone};
  scope.picoseconds = true;
  scope.picos = static_cast<int32_t>(picos - static_cast<__int128>(micros) * values::kPicosPerMicro);
  return FormatTime(format, local, micros, scope);
}

}  // namespace

void AddPicosecondFunctions(OwnFunctions& f) {
  AddFunction(f, "bq_picos_to_timestamp", &ToTimestamp);
  AddFunction(
      f, "bq_picos_add", +[](V text, int64_t n, V part) { return Moved(text, n, part, "TIMESTAMP_ADD"); });
  AddFunction(
      f, "bq_picos_sub",
      +[](V text, int64_t n, V part) { return Moved(text, -__int128{n}, part, "TIMESTAMP_SUB"); });
  AddFunction(f, "bq_picos_diff", &Difference);
  AddFunction(f, "bq_format_picos", &Format);
}

}  // namespace bqcdc::emulator::sql
