// INT64 and FLOAT64 arithmetic with GoogleSQL's overflow, division and NaN rules
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions).

#include <bit>
#include <cmath>
#include <limits>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/types/text_conversion.h"

namespace bqcdc::emulator::sql {
namespace {

using FloatResult = absl::StatusOr<double>;
using IntResult = absl::StatusOr<int64_t>;

constexpr int64_t kInt64Min = std::numeric_limits<int64_t>::min();

absl::Status IntOverflow(int64_t a, const char* sign, int64_t b) {
  return base::InvalidArgument("int64 overflow: ", a, " ", sign, " ", b);
}

// How a number reads in an error: integers without a point.
std::string Shown(double value) {
  std::string text = Float64ToText(value);
  return text;
}

FloatResult CheckedFloat(double result, double a, const char* sign, double b) {
  if (std::isfinite(result) || !std::isfinite(a) || !std::isfinite(b)) return result;
  return base::InvalidArgument("double overflow: ", Shown(a), " ", sign, " ", Shown(b));
}

// For functions of one number: an infinite or undefined result of a finite argument is an error.
FloatResult Defined(double result, double argument, const char* name) {
  if (std::isfinite(result) || !std::isfinite(argument)) {
    if (!std::isnan(result) || std::isnan(argument)) return result;
  }
  return base::InvalidArgument("Floating point error in function: ", name, "(", Shown(argument), ")");
}

FloatResult Illegal(const char* name, double argument) {
  return base::InvalidArgument("Argument to ", name, " is out of range: ", Shown(argument));
}

IntResult AddInt(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) return IntOverflow(a, "+", b);
  return result;
}
IntResult SubtractInt(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_sub_overflow(a, b, &result)) return IntOverflow(a, "-", b);
  return result;
}
IntResult MultiplyInt(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return IntOverflow(a, "*", b);
  return result;
}
IntResult NegateInt(int64_t a) {
  if (a == kInt64Min) return base::InvalidArgument("int64 overflow: -(", a, ")");
  return -a;
}
IntResult AbsInt(int64_t a) {
  if (a == kInt64Min) return base::InvalidArgument("int64 overflow: ABS(", a, ")");
  return a < 0 ? -a : a;
}
IntResult DivInt(int64_t a, int64_t b) {
  if (b == 0) return base::InvalidArgument("division by zero: ", a, " / ", b);
  if (a == kInt64Min && b == -1) return IntOverflow(a, "/", b);
  return a / b;
}
IntResult ModInt(int64_t a, int64_t b) {
  if (b == 0) return base::InvalidArgument("division by zero: MOD(", a, ", ", b, ")");
  return b == -1 ? 0 : a % b;
}
IntResult ShiftLeft(int64_t a, int64_t b) {
  if (b < 0)
    return base::InvalidArgument("Bitwise binary operator for INT64 cannot shift by a negative number: ", b);
  return b >= 64 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) << b);
}
IntResult ShiftRight(int64_t a, int64_t b) {
  if (b < 0)
    return base::InvalidArgument("Bitwise binary operator for INT64 cannot shift by a negative number: ", b);
  return b >= 64 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) >> b);
}

FloatResult DivideFloat(double a, double b) {
  if (b == 0) return base::InvalidArgument("division by zero: ", Shown(a), " / ", Shown(b));
  return CheckedFloat(a / b, a, "/", b);
}

// Rounds at a decimal place, half away from zero, on the shortest decimal digits of the value as the service
// does.
FloatResult RoundAt(double value, int64_t digits, bool truncate) {
  if (!std::isfinite(value)) return value;
  if (digits == 0) return truncate ? std::trunc(value) : std::round(value);
  if (digits > 308) return value;
  if (digits < -308) return 0.0;
  const double factor = std::pow(10.0, static_cast<double>(std::llabs(digits)));
  if (digits < 0) {
    const double scaled = value / factor;
    const double result = (truncate ? std::trunc(scaled) : std::round(scaled)) * factor;
    return Defined(result, value, "ROUND");
  }
  const double scaled = value * factor;
  if (!std::isfinite(scaled)) return value;
  const double rounded = truncate ? std::trunc(scaled) : std::round(scaled);
  return rounded / factor;
}

double Greatest(const std::vector<std::optional<double>>& values, bool greatest) {
  double best = *values[0];
  for (const auto& value : values) {
    if (std::isnan(*value)) return *value;
    if (greatest ? *value > best : *value < best) best = *value;
  }
  return best;
}

std::optional<double> Extreme(const Variadic<double>& arguments, bool greatest) {
  for (const auto& value : arguments.values) {
    if (!value) return std::nullopt;
  }
  for (const auto& value : arguments.values) {
    if (std::isnan(*value)) return *value;
  }
  return Greatest(arguments.values, greatest);
}

template <typename T>
absl::StatusOr<int64_t> RangeBucket(const T& point, const std::vector<std::optional<T>>& bounds) {
  int64_t bucket = 0;
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (!bounds[i]) return base::InvalidArgument("Elements in input array to RANGE_BUCKET cannot be NULL");
    if (i > 0 && *bounds[i] < *bounds[i - 1]) {
      return base::InvalidArgument("Elements in input array to RANGE_BUCKET must be in ascending order");
    }
    if (*bounds[i] <= point) bucket = static_cast<int64_t>(i) + 1;
  }
  return bucket;
}

void AddIntegerFunctions(OwnFunctions& f) {
  AddFunction(f, "bq_add_int64", &AddInt);
  AddFunction(f, "bq_subtract_int64", &SubtractInt);
  AddFunction(f, "bq_multiply_int64", &MultiplyInt);
  AddFunction(f, "bq_negate_int64", &NegateInt);
  AddFunction(f, "bq_abs_int64", &AbsInt);
  AddFunction(f, "bq_div_int64", &DivInt);
  AddFunction(f, "bq_mod_int64", &ModInt);
  AddFunction(f, "bq_shift_left", &ShiftLeft);
  AddFunction(f, "bq_shift_right", &ShiftRight);
  AddFunction(
      f, "bq_sign_int64", +[](int64_t a) -> int64_t { return (a > 0) - (a < 0); });
  AddFunction(
      f, "bq_range_bucket_int64",
      +[](int64_t point, List<int64_t> bounds) { return RangeBucket(point, bounds.elements); });
  AddFunction(
      f, "bq_error", +[](std::string_view text) -> IntResult { return base::InvalidArgument(text); });
}

// Functions of one FLOAT64 whose undefined and infinite results are errors.
#define BQCDC_CHECKED(name, sql_name, expression) \
  AddFunction(                                    \
      f, name, +[](double x) -> FloatResult { return Defined(expression, x, sql_name); })
#define BQCDC_PLAIN(name, expression) \
  AddFunction(                        \
      f, name, +[](double x) -> double { return expression; })

void AddTrigonometry(OwnFunctions& f) {
  BQCDC_CHECKED("bq_acos", "ACOS", std::acos(x));
  BQCDC_CHECKED("bq_acosh", "ACOSH", std::acosh(x));
  BQCDC_CHECKED("bq_asin", "ASIN", std::asin(x));
  BQCDC_PLAIN("bq_asinh", std::asinh(x));
  BQCDC_PLAIN("bq_atan", std::atan(x));
  BQCDC_CHECKED("bq_atanh", "ATANH", std::atanh(x));
  BQCDC_PLAIN("bq_cos", std::cos(x));
  BQCDC_CHECKED("bq_cosh", "COSH", std::cosh(x));
  BQCDC_CHECKED("bq_cot", "COT", 1 / std::tan(x));
  BQCDC_CHECKED("bq_coth", "COTH", 1 / std::tanh(x));
  BQCDC_CHECKED("bq_csc", "CSC", 1 / std::sin(x));
  BQCDC_CHECKED("bq_csch", "CSCH", 1 / std::sinh(x));
  BQCDC_PLAIN("bq_sec", 1 / std::cos(x));
  BQCDC_PLAIN("bq_sech", 1 / std::cosh(x));
  BQCDC_PLAIN("bq_sin", std::sin(x));
  BQCDC_CHECKED("bq_sinh", "SINH", std::sinh(x));
  BQCDC_PLAIN("bq_tan", std::tan(x));
  BQCDC_PLAIN("bq_tanh", std::tanh(x));
  AddFunction(
      f, "bq_atan2", +[](double y, double x) -> double { return std::atan2(y, x); });
  // The safe twin has nothing to catch, but SAFE.COS asks for one.
  for (const char* name : {"bq_cos", "bq_sec", "bq_sin", "bq_tan"}) {
    for (const engine::ScalarFunction& function : OwnFunctions(f)) {
      if (function.name != name) continue;
      f.push_back(function);
      f.back().name += "_safe";
    }
  }
}

void AddFloatFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_add_float64", +[](double a, double b) { return CheckedFloat(a + b, a, "+", b); });
  AddFunction(
      f, "bq_subtract_float64", +[](double a, double b) { return CheckedFloat(a - b, a, "-", b); });
  AddFunction(
      f, "bq_multiply_float64", +[](double a, double b) { return CheckedFloat(a * b, a, "*", b); });
  AddFunction(f, "bq_divide_float64", &DivideFloat);
  AddFunction(
      f, "bq_ieee_divide", +[](double a, double b) -> double { return a / b; });
  AddFunction(
      f, "bq_equal_float64", +[](double a, double b) -> bool { return a == b; });
  AddFunction(
      f, "bq_less_float64", +[](double a, double b) -> bool { return a < b; });
  AddFunction(
      f, "bq_less_or_equal_float64", +[](double a, double b) -> bool { return a <= b; });
  AddFunction(
      f, "bq_greatest_float64", +[](Variadic<double> a) { return Extreme(a, true); });
  AddFunction(
      f, "bq_least_float64", +[](Variadic<double> a) { return Extreme(a, false); });
  AddFunction(
      f, "bq_sign_float64", +[](double a) -> double { return std::isnan(a) ? a : (a > 0) - (a < 0); });
  AddFunction(
      f, "bq_round_float64", +[](double a, int64_t digits) { return RoundAt(a, digits, false); });
  AddFunction(
      f, "bq_trunc_float64", +[](double a, int64_t digits) { return RoundAt(a, digits, true); });
  BQCDC_PLAIN("bq_ceil_float64", std::ceil(x));
  BQCDC_PLAIN("bq_floor_float64", std::floor(x));
  // Of glibc's, the one for double misses the cube root of 27.
  BQCDC_PLAIN("bq_cbrt", static_cast<double>(std::cbrt(static_cast<long double>(x))));
  BQCDC_CHECKED("bq_sqrt", "SQRT", std::sqrt(x));
  BQCDC_CHECKED("bq_exp", "EXP", std::exp(x));
  BQCDC_CHECKED("bq_ln", "LN", std::log(x));
  BQCDC_CHECKED("bq_log10", "LOG10", std::log10(x));
  AddFunction(
      f, "bq_log", +[](double x, double base) -> FloatResult {
        if (base == 2.718281828459045) return Defined(std::log(x), x, "LOG");
        if (std::isnan(x) || std::isnan(base)) return std::nan("");
        if (x <= 0 || base <= 0 || base == 1) return Illegal("LOG", x <= 0 ? x : base);
        if (base == 2) return std::log2(x);
        if (base == 10) return std::log10(x);
        return std::log(x) / std::log(base);
      });
  AddFunction(
      f, "bq_pow", +[](double a, double b) -> FloatResult {
        const double result = std::pow(a, b);
        const bool bad = !std::isfinite(result) && std::isfinite(a) && std::isfinite(b);
        if (bad)
          return base::InvalidArgument("Floating point error in function: POW(", Shown(a), ", ", Shown(b),
                                       ")");
        return result;
      });
  AddFunction(
      f, "bq_range_bucket_float64", +[](double point, List<double> bounds) -> absl::StatusOr<int64_t> {
        for (const auto& bound : bounds.elements) {
          if (bound && std::isnan(*bound)) return base::InvalidArgument("RANGE_BUCKET bounds cannot be NaN");
        }
        if (std::isnan(point))
          return base::InvalidArgument("Not supported by this server: RANGE_BUCKET of NaN");
        return RangeBucket(point, bounds.elements);
      });
}

#undef BQCDC_CHECKED
#undef BQCDC_PLAIN

}  // namespace

void AddArithmeticFunctions(OwnFunctions& functions) {
  AddIntegerFunctions(functions);
  AddFloatFunctions(functions);
  AddTrigonometry(functions);
}

}  // namespace bqcdc::emulator::sql
