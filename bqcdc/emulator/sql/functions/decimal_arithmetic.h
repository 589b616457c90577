#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/numeric.h"

// NUMERIC and BIGNUMERIC arithmetic: exact, rounded half away from zero to the type's scale, out of range is
// an error (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types).
namespace bqcdc::emulator::sql {

enum class DecimalRounding { kHalfAway, kHalfEven, kTruncate, kFloor, kCeiling };

template <typename D>
struct DecimalArithmetic {
  using Result = absl::StatusOr<D>;
  static Result Add(const D& a, const D& b);
  static Result Subtract(const D& a, const D& b);
  static Result Multiply(const D& a, const D& b);
  static Result Divide(const D& a, const D& b);
  // Integer part of the quotient, and what is left, with the sign of `a`.
  static Result IntegerDivide(const D& a, const D& b);
  static Result Modulo(const D& a, const D& b);
  static Result Negate(const D& a);
  static Result Absolute(const D& a);
  // To `digits` places after the point; negative: before it.
  static Result Round(const D& a, int64_t digits, DecimalRounding rounding);
  static absl::StatusOr<int64_t> ToInt64(const D& a);
  static int Sign(const D& a);
  // Of all values (`degrees_taken` 0) or of a sample (1), NULLs left out; nullopt of no more values than
  // that. Rounded once, at the end.
  static std::optional<double> Variance(const std::vector<std::optional<D>>& values, int64_t degrees_taken);
  // NULLs left out; nullopt of nothing else. The result alone has to be in range, not what is added up to it.
  static absl::StatusOr<std::optional<D>> Sum(const std::vector<std::optional<D>>& values);
  static absl::StatusOr<std::optional<D>> Average(const std::vector<std::optional<D>>& values);
};

// A NUMERIC, or a sum of any number of them, as two integers that 128 bits hold for as many rows as there may
// be: high * 10^19 + low units of 10^-9.
struct NumericParts {
  __int128 high = 0;
  __int128 low = 0;
};
NumericParts PartsOf(values::Numeric value);
absl::StatusOr<values::Numeric> SumOfParts(const NumericParts& sum);
absl::StatusOr<values::Numeric> AverageOfParts(const NumericParts& sum, int64_t count);

extern template struct DecimalArithmetic<values::Numeric>;
extern template struct DecimalArithmetic<values::BigNumeric>;

}  // namespace bqcdc::emulator::sql
