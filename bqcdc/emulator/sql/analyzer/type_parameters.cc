#include "bqcdc/emulator/sql/analyzer/type_parameters.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"

namespace bqcdc::emulator::sql {
namespace {

absl::StatusOr<int64_t> TypeParameter(const TypeName& type, size_t index, int64_t low, int64_t high) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(type.parameters[index], &value) || value < low || value > high) {
    return ErrorAt(type.position, "Invalid type parameter ", type.parameters[index], " of type ",
                   type.name[0].text);
  }
  return value;
}

}  // namespace

absl::Status ApplyTypeParameters(const TypeName& type, schema::Column& column) {
  using C = schema::ColumnType;
  if (type.parameters.empty()) return absl::OkStatus();
  const size_t count = type.parameters.size();
  const bool decimal = column.type == C::kNumeric || column.type == C::kBigNumeric;
  if ((column.type == C::kString || column.type == C::kBytes) && count == 1) {
    if (type.parameters[0] == "MAX") return absl::OkStatus();
    BQCDC_ASSIGN_OR_RETURN(column.max_length, TypeParameter(type, 0, 1, INT64_MAX));
    return absl::OkStatus();
  }
  if (decimal && count <= 2) {
    // NUMERIC(p, s): at most 29 (BIGNUMERIC 38) digits before the point.
    const int64_t scale_max = column.type == C::kNumeric ? 9 : 38;
    const int64_t integer_max = column.type == C::kNumeric ? 29 : 38;
    int64_t scale = 0;
    if (count == 2) {
      BQCDC_ASSIGN_OR_RETURN(scale, TypeParameter(type, 1, 0, scale_max));
    }
    BQCDC_ASSIGN_OR_RETURN(column.precision,
                           TypeParameter(type, 0, std::max<int64_t>(1, scale), integer_max + scale));
    if (count == 2) column.scale = scale;
    return absl::OkStatus();
  }
  if (column.type == C::kTimestamp && count == 1) {
    BQCDC_ASSIGN_OR_RETURN(const int64_t digits, TypeParameter(type, 0, 0, 12));
    if (digits == 12) column.timestamp_precision = digits;
    if (digits == 6 || digits == 12) return absl::OkStatus();
  }
  return ErrorAt(type.position, "Type ", type.name[0].text, " does not take these type parameters");
}

}  // namespace bqcdc::emulator::sql
