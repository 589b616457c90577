#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/functions/decimal_arithmetic.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/types/text_conversion.h"
#include "bqcdc/emulator/type_parameters.h"

namespace bqcdc::emulator::sql {
namespace {

using values::BigNumeric;
using values::Numeric;

// The functions that both decimal types have, under names that end with the type's.
template <typename D>
void AddDecimalType(OwnFunctions& f, const std::string& type) {
  using A = DecimalArithmetic<D>;
  using R = absl::StatusOr<D>;
  AddFunction(
      f, "bq_add_" + type, +[](D a, D b) -> R { return A::Add(a, b); });
  AddFunction(
      f, "bq_subtract_" + type, +[](D a, D b) -> R { return A::Subtract(a, b); });
  AddFunction(
      f, "bq_multiply_" + type, +[](D a, D b) -> R { return A::Multiply(a, b); });
  AddFunction(
      f, "bq_divide_" + type, +[](D a, D b) -> R { return A::Divide(a, b); });
  AddFunction(
      f, "bq_div_" + type, +[](D a, D b) -> R { return A::IntegerDivide(a, b); });
  AddFunction(
      f, "bq_mod_" + type, +[](D a, D b) -> R { return A::Modulo(a, b); });
  AddFunction(
      f, "bq_negate_" + type, +[](D a) -> R { return A::Negate(a); });
  AddFunction(
      f, "bq_abs_" + type, +[](D a) -> R { return A::Absolute(a); });
  AddFunction(
      f, "bq_sign_" + type, +[](D a) -> D { return D::FromInt64(A::Sign(a)); });
  AddFunction(
      f, "bq_round_" + type,
      +[](D a, int64_t digits) -> R { return A::Round(a, digits, DecimalRounding::kHalfAway); });
  AddFunction(
      f, "bq_trunc_" + type,
      +[](D a, int64_t digits) -> R { return A::Round(a, digits, DecimalRounding::kTruncate); });
  AddFunction(
      f, "bq_ceil_" + type, +[](D a) -> R { return A::Round(a, 0, DecimalRounding::kCeiling); });
  AddFunction(
      f, "bq_floor_" + type, +[](D a) -> R { return A::Round(a, 0, DecimalRounding::kFloor); });
  AddFunction(
      f, "bq_" + type + "_to_int64", +[](D a) -> absl::StatusOr<int64_t> { return A::ToInt64(a); });
  AddFunction(
      f, "bq_constrain_" + type, +[](D a, int64_t precision, int64_t scale) -> R {
        D kept;
        if (a.Constrain(static_cast<int>(precision), static_cast<int>(scale), &kept) ==
            values::ValueError::kNone) {
          return kept;
        }
        schema::Column column;
        column.type =
            std::is_same_v<D, Numeric> ? schema::ColumnType::kNumeric : schema::ColumnType::kBigNumeric;
        column.precision = precision;
        column.scale = scale;
        return base::InvalidArgument(OutsidePrecisionText(column));
      });
  AddFunction(
      f, "bq_variance_" + type, +[](List<D> list, int64_t degrees_taken) -> std::optional<double> {
        return A::Variance(list.elements, degrees_taken);
      });
  AddFunction(
      f, "bq_" + type + "_to_string", +[](D a) -> std::string { return a.ToString(); });
}

absl::StatusOr<std::optional<BigNumeric>> SumBig(const List<BigNumeric>& list, int64_t* count) {
  std::optional<BigNumeric> sum;
  *count = 0;
  for (const auto& element : list.elements) {
    if (!element) continue;
    ++*count;
    if (!sum) {
      sum = *element;
      continue;
    }
    auto next = DecimalArithmetic<BigNumeric>::Add(*sum, *element);
    if (!next.ok()) return base::InvalidArgument("BIGNUMERIC overflow in SUM");
    sum = *next;
  }
  return sum;
}

}  // namespace

void AddDecimalFunctions(OwnFunctions& f) {
  AddDecimalType<Numeric>(f, "numeric");
  AddDecimalType<BigNumeric>(f, "bignumeric");
  AddFunction(
      f, "bq_int64_to_bignumeric", +[](int64_t a) -> BigNumeric { return BigNumeric::FromInt64(a); });
  AddFunction(
      f, "bq_numeric_to_bignumeric", +[](Numeric a) -> BigNumeric { return BigNumeric::FromNumeric(a); });
  AddFunction(
      f, "bq_numeric_to_float64", +[](Numeric a) -> double { return NumericToFloat64(a); });
  AddFunction(
      f, "bq_bignumeric_to_float64", +[](BigNumeric a) -> double { return a.ToDouble(); });
  AddFunction(
      f, "bq_bignumeric_to_numeric", +[](BigNumeric a) -> absl::StatusOr<Numeric> {
        Numeric result;
        if (a.ToNumeric(&result) == values::ValueError::kNone) return result;
        return base::InvalidArgument("numeric out of range: ", a.ToString());
      });
  // The sum may have more digits than a NUMERIC, so it is not read as one.
  engine::ScalarFunction average;
  average.name = "bq_avg_numeric";
  average.parameters.resize(2);
  average.parameters[0].type = schema::ColumnType::kNumeric;
  average.parameters[1].type = schema::ColumnType::kInt64;
  average.result = average.parameters[0];
  average.evaluate = [](const std::vector<engine::VectorReader>& in, size_t rows, engine::VectorWriter out) {
    for (size_t row = 0; row < rows; ++row) {
      if (in[0].IsNull(row) || in[1].IsNull(row) || in[1].Int64(row) == 0) {
        out.SetNull(row);
        continue;
      }
      const __int128 sum = in[0].Int128(row);
      const __int128 count = in[1].Int64(row);
      __int128 quotient = sum / count;
      const __int128 rest = sum % count;
      if ((rest < 0 ? -rest : rest) * 2 >= count) quotient += sum < 0 ? -1 : 1;  // halves go away from zero
      out.SetInt128(row, quotient);
    }
    return absl::OkStatus();
  };
  f.push_back(std::move(average));
  AddFunction(
      f, "bq_sum_bignumeric", +[](List<BigNumeric> list) -> absl::StatusOr<std::optional<BigNumeric>> {
        int64_t count = 0;
        return SumBig(list, &count);
      });
  AddFunction(
      f, "bq_avg_bignumeric", +[](List<BigNumeric> list) -> absl::StatusOr<std::optional<BigNumeric>> {
        int64_t count = 0;
        BQCDC_ASSIGN_OR_RETURN(const std::optional<BigNumeric> sum, SumBig(list, &count));
        if (!sum) return sum;
        BQCDC_ASSIGN_OR_RETURN(const BigNumeric average,
                               DecimalArithmetic<BigNumeric>::DivideByCount(*sum, count));
        return std::optional<BigNumeric>(average);
      });
  // SUM adds 128-bit integers without looking at the 38 digits that NUMERIC has.
  engine::ScalarFunction check;
  check.name = "bq_check_numeric";
  check.parameters.resize(1);
  check.parameters[0].type = schema::ColumnType::kNumeric;
  check.result = check.parameters[0];
  check.evaluate = [](const std::vector<engine::VectorReader>& in, size_t rows, engine::VectorWriter out) {
    for (size_t row = 0; row < rows; ++row) {
      Numeric value;
      if (in[0].IsNull(row)) {
        out.SetNull(row);
      } else if (Numeric::FromUnscaled(in[0].Int128(row), &value) == values::ValueError::kNone) {
        out.SetInt128(row, value.unscaled());
      } else {
        return MarkedError("numeric overflow in SUM");
      }
    }
    return absl::OkStatus();
  };
  f.push_back(std::move(check));
}

}  // namespace bqcdc::emulator::sql
