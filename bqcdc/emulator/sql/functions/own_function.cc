#include "bqcdc/emulator/sql/functions/own_function.h"

#include "absl/strings/ascii.h"

namespace bqcdc::emulator::sql {

absl::Status MarkedError(std::string_view message) {
  return base::InvalidArgument(kEvaluationErrorMark, message);
}

namespace own_function_internal {
namespace {

// bq_to_hex as it is written in SQL: TO_HEX.
std::string NameInSql(std::string_view name) {
  for (const std::string_view suffix : {"_safe", "_bytes"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  name.remove_prefix(std::string_view("bq_").size());
  return absl::AsciiStrToUpper(base::ToAbsl(name));
}

}  // namespace

absl::Status ChunkOutput::TooLong(size_t bytes) const {
  const std::string name = NameInSql(name_);
  const absl::Status status = bytes > kOutputBytesMax ? OutputTooLong(name) : ChunkOutputTooLong(name, rows_);
  return MarkedError(base::ToStd(status.message()));
}

}  // namespace own_function_internal

const OwnFunctions& AllOwnFunctions() {
  static const OwnFunctions* const functions = [] {
    auto* all = new OwnFunctions;
    AddArithmeticFunctions(*all);
    AddDecimalFunctions(*all);
    AddCastFunctions(*all);
    AddStringFunctions(*all);
    AddUnitFunctions(*all);
    AddRegexpFunctions(*all);
    AddTimeFunctions(*all);
    AddTimeFormatFunctions(*all);
    AddPicosecondFunctions(*all);
    AddRangeFunctions(*all);
    AddIntervalFunctions(*all);
    AddGeographyFunctions(*all);
    AddJsonFunctions(*all);
    AddJsonEditFunctions(*all);
    AddHashFunctions(*all);
    AddArrayFunctions(*all);
    return all;
  }();
  return *functions;
}

}  // namespace bqcdc::emulator::sql
