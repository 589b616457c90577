#include "bqcdc/emulator/sql/functions/own_function.h"

namespace bqcdc::emulator::sql {

absl::Status MarkedError(std::string_view message) {
  return base::InvalidArgument(kEvaluationErrorMark, message);
}

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
