// Functions of TIMESTAMP(12). Its values come as decimal text; most functions work on the microsecond that
// the instant lies in (time_rows.cc), these on all of it.

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

// Whole parts that `difference` holds.
absl::StatusOr<int64_t> Difference(V difference, V part) {
  BQCDC_ASSIGN_OR_RETURN(const __int128 picos, PicosOf(difference));
  BQCDC_ASSIGN_OR_RETURN(const Part parsed, ParsePart(part));
  const std::optional<int64_t> unit = parsed.kind == DatePartKind::kDay
                                          ? std::optional<int64_t>(values::kMicrosPerDay)
                                          : FixedMicros(parsed.kind);
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
  AddFunction(f, "bq_picos_diff", &Difference);
  AddFunction(f, "bq_format_picos", &Format);
}

}  // namespace bqcdc::emulator::sql
