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

// https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions#round
absl::StatusOr<DecimalRounding> RoundingNamed(std::string_view mode) {
  if (mode == "ROUND_HALF_AWAY_FROM_ZERO") return DecimalRounding::kHalfAway;
  if (mode == "ROUND_HALF_EVEN") return DecimalRounding::kHalfEven;
  return base::InvalidArgument("Invalid rounding mode: ", mode,
                               "; it is ROUND_HALF_AWAY_FROM_ZERO or ROUND_HALF_EVEN");
}

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
      f, "bq_round_mode_" + type, +[](D a, int64_t digits, std::string_view mode) -> R {
        BQCDC_ASSIGN_OR_RETURN(const DecimalRounding rounding, RoundingNamed(mode));
        return A::Round(a, digits, rounding);
      });
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
      f, "bq_sum_" + type,
      +[](List<D> list) -> absl::StatusOr<std::optional<D>> { return A::Sum(list.elements); });
  AddFunction(
      f, "bq_avg_" + type,
      +[](List<D> list) -> absl::StatusOr<std::optional<D>> { return A::Average(list.elements); });
  AddFunction(
      f, "bq_" + type + "_to_string", +[](D a) -> std::string { return a.ToString(); });
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
  AddFunction(
      f, "bq_numeric_high_part", +[](Numeric a) -> NumericUnits { return {PartsOf(a).high}; });
  AddFunction(
      f, "bq_numeric_low_part", +[](Numeric a) -> NumericUnits { return {PartsOf(a).low}; });
  AddFunction(
      f, "bq_sum_numeric_parts", +[](NumericUnits high, NumericUnits low) -> absl::StatusOr<Numeric> {
        return SumOfParts({high.value, low.value});
      });
  AddFunction(
      f, "bq_avg_numeric_parts",
      +[](NumericUnits high, NumericUnits low, int64_t count) -> absl::StatusOr<Numeric> {
        return AverageOfParts({high.value, low.value}, count);
      });
}

}  // namespace bqcdc::emulator::sql
