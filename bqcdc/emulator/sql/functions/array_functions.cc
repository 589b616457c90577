#include <cmath>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/decimal_arithmetic.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/functions/text_units.h"

namespace bqcdc::emulator::sql {
namespace {

using values::Numeric;

absl::Status ZeroStep() { return base::InvalidArgument("Sequence step cannot be 0."); }

absl::StatusOr<std::vector<int64_t>> GenerateInts(int64_t from, int64_t to, int64_t step) {
  if (step == 0) return ZeroStep();
  std::vector<int64_t> result;
  for (int64_t next = from; step > 0 ? next <= to : next >= to;) {
    result.push_back(next);
    if (result.size() > kOutputElementsMax) return TooManyElements();
    if (__builtin_add_overflow(next, step, &next)) break;
  }
  return result;
}

absl::StatusOr<std::vector<double>> GenerateFloats(double from, double to, double step) {
  if (step == 0) return ZeroStep();
  if (!std::isfinite(from) || !std::isfinite(to) || !std::isfinite(step)) {
    return base::InvalidArgument("GENERATE_ARRAY does not take NaN or infinity");
  }
  std::vector<double> result;
  for (int64_t i = 0;; ++i) {
    const double next = from + static_cast<double>(i) * step;
    if (step > 0 ? next > to : next < to) return result;
    result.push_back(next);
    if (result.size() > kOutputElementsMax) return TooManyElements();
  }
}

absl::StatusOr<std::vector<Numeric>> GenerateNumerics(Numeric from, Numeric to, Numeric step) {
  if (step == Numeric()) return ZeroStep();
  std::vector<Numeric> result;
  Numeric next = from;
  while (step > Numeric() ? next <= to : next >= to) {
    result.push_back(next);
    if (result.size() > kOutputElementsMax) return TooManyElements();
    auto moved = DecimalArithmetic<Numeric>::Add(next, step);
    if (!moved.ok()) break;
    next = *moved;
  }
  return result;
}

// Also of STRING_AGG: elements that are NULL count as `null_text`, or not at all without one.
template <typename Units>
absl::StatusOr<typename Units::Value> ArrayToString(List<typename Units::Argument> array,
                                                    typename Units::Argument between,
                                                    std::optional<typename Units::Argument> null_text) {
  OutputText text("ARRAY_TO_STRING/STRING_AGG");
  bool first = true;
  for (const auto& element : array.elements) {
    if (!element && !null_text) continue;
    if (!first) BQCDC_RETURN_IF_ERROR(text.Append(View(between)));
    BQCDC_RETURN_IF_ERROR(text.Append(View(element ? *element : *null_text)));
    first = false;
  }
  return typename Units::Value{std::move(text).Take()};
}

}  // namespace

void AddArrayFunctions(OwnFunctions& f) {
  AddFunction(f, "bq_generate_array_int64", &GenerateInts);
  AddFunction(f, "bq_generate_array_float64", &GenerateFloats);
  AddFunction(f, "bq_generate_array_numeric", &GenerateNumerics);
  AddFunction(f, "bq_array_to_string", &ArrayToString<CodePoints>);
  AddFunction(f, "bq_array_to_string_bytes", &ArrayToString<SingleBytes>);
  AddFormatFunction(f);
}

}  // namespace bqcdc::emulator::sql
