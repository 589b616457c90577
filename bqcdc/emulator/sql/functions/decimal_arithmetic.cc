#include "bqcdc/emulator/sql/functions/decimal_arithmetic.h"

#include <bit>
#include <cmath>
#include <string_view>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/functions/wide_integer.h"

namespace bqcdc::emulator::sql {
namespace {

using values::BigNumeric;
using values::Numeric;

// The square root of the most units that a NUMERIC has.
constexpr uint64_t kHighPartUnits = 10'000'000'000'000'000'000ULL;

// A decimal as sign and magnitude in units of its scale.
struct Magnitude {
  bool negative = false;
  WideInteger units;
};

Magnitude MagnitudeOf(__int128 units) {
  const bool negative = units < 0;
  return {negative, WideInteger::From128(negative ? -static_cast<unsigned __int128>(units)
                                                  : static_cast<unsigned __int128>(units))};
}

template <typename D>
struct Traits;

template <>
struct Traits<Numeric> {
  static constexpr int kScale = 9;
  static constexpr std::string_view kName = "numeric";
  static Magnitude Split(const Numeric& value) { return MagnitudeOf(value.unscaled()); }
  static bool Join(const Magnitude& m, Numeric* out) {
    if (m.units.BitCount() > 127) return false;
    unsigned __int128 units = 0;
    for (int i = 3; i >= 0; --i) units = (units << 32) | m.units.digits[i];
    const auto value = static_cast<__int128>(units);
    return Numeric::FromUnscaled(m.negative ? -value : value, out) == values::ValueError::kNone;
  }
};

template <>
struct Traits<BigNumeric> {
  static constexpr int kScale = 38;
  static constexpr std::string_view kName = "BIGNUMERIC";
  static Magnitude Split(const BigNumeric& value) {
    BigNumeric::Limbs limbs = value.limbs();
    const bool negative = value.negative();
    if (negative) {
      uint64_t carry = 1;
      for (uint64_t& limb : limbs) {
        limb = ~limb + carry;
        carry = carry != 0 && limb == 0 ? 1 : 0;
      }
    }
    Magnitude m;
    m.negative = negative;
    for (int i = 0; i < 4; ++i) {
      m.units.digits[2 * i] = static_cast<uint32_t>(limbs[i]);
      m.units.digits[2 * i + 1] = static_cast<uint32_t>(limbs[i] >> 32);
    }
    return m;
  }
  static bool Join(const Magnitude& m, BigNumeric* out) {
    const int bits = m.units.BitCount();
    if (bits > 256) return false;
    BigNumeric::Limbs limbs;
    for (int i = 0; i < 4; ++i) {
      limbs[i] = (static_cast<uint64_t>(m.units.digits[2 * i + 1]) << 32) | m.units.digits[2 * i];
    }
    const bool is_min = limbs[3] == 1ULL << 63 && limbs[0] == 0 && limbs[1] == 0 && limbs[2] == 0;
    if (bits == 256 && !(m.negative && is_min)) return false;
    if (m.negative) {
      uint64_t carry = 1;
      for (uint64_t& limb : limbs) {
        limb = ~limb + carry;
        carry = carry != 0 && limb == 0 ? 1 : 0;
      }
    }
    *out = BigNumeric(limbs);
    return true;
  }
};

template <typename D>
absl::StatusOr<D> Joined(const Magnitude& m, const D& a, const char* sign, const D& b) {
  D result;
  if (Traits<D>::Join(m, &result)) return result;
  return base::InvalidArgument(Traits<D>::kName, " overflow: ", a.ToString(), " ", sign, " ", b.ToString());
}

Magnitude Added(const Magnitude& a, const Magnitude& b) {
  if (a.negative == b.negative) return {a.negative, a.units + b.units};
  if (a.units.Compare(b.units) >= 0) return {a.negative, a.units - b.units};
  return {b.negative, b.units - a.units};
}

template <typename D>
absl::StatusOr<D> JoinedSum(const Magnitude& sum) {
  D result;
  if (Traits<D>::Join(sum, &result)) return result;
  return base::InvalidArgument(Traits<D>::kName, " overflow in SUM");
}

template <typename D>
absl::StatusOr<D> AverageOfSum(const Magnitude& sum, uint64_t count) {
  return JoinedSum<D>({sum.negative, sum.units.DivideRounded(WideInteger::From128(count))});
}

template <typename D>
Magnitude SumOf(const std::vector<std::optional<D>>& values, uint64_t* count) {
  Magnitude sum;
  *count = 0;
  for (const std::optional<D>& value : values) {
    if (!value.has_value()) continue;
    ++*count;
    sum = Added(sum, Traits<D>::Split(*value));
  }
  return sum;
}

Magnitude MagnitudeOf(const NumericParts& parts) {
  static const WideInteger* const unit = new WideInteger(WideInteger::From128(kHighPartUnits));
  Magnitude high = MagnitudeOf(parts.high);
  high.units = high.units * *unit;
  return Added(high, MagnitudeOf(parts.low));
}

template <typename D>
absl::Status DivisionByZero(const D& a, const D& b) {
  return base::InvalidArgument("division by zero: ", a.ToString(), " / ", b.ToString());
}

}  // namespace

template <typename D>
absl::StatusOr<D> DecimalArithmetic<D>::Add(const D& a, const D& b) {
  return Joined(Added(Traits<D>::Split(a), Traits<D>::Split(b)), a, "+", b);
}

template <typename D>
absl::StatusOr<D> DecimalArithmetic<D>::Subtract(const D& a, const D& b) {
  Magnitude negated = Traits<D>::Split(b);
  negated.negative = !negated.negative;
  return Joined(Added(Traits<D>::Split(a), negated), a, "-", b);
}

template <typename D>
absl::StatusOr<D> DecimalArithmetic<D>::Multiply(const D& a, const D& b) {
  const Magnitude x = Traits<D>::Split(a);
  const Magnitude y = Traits<D>::Split(b);
  if (x.units.BitCount() + y.units.BitCount() > 512) {
    return base::InvalidArgument(Traits<D>::kName, " overflow: ", a.ToString(), " * ", b.ToString());
  }
  static const WideInteger* const unit = new WideInteger(WideInteger::PowerOf10(Traits<D>::kScale));
  return Joined({x.negative != y.negative, (x.units * y.units).DivideRounded(*unit)}, a, "*", b);
}

template <typename D>
absl::StatusOr<D> DecimalArithmetic<D>::Divide(const D& a, const D& b) {
  const Magnitude x = Traits<D>::Split(a);
  const Magnitude y = Traits<D>::Split(b);
  if (y.units.IsZero()) return DivisionByZero(a, b);
  static const WideInteger* const unit = new WideInteger(WideInteger::PowerOf10(Traits<D>::kScale));
  return Joined({x.negative != y.negative, (x.units * *unit).DivideRounded(y.units)}, a, "/", b);
}

template <typename D>
absl::StatusOr<D> DecimalArithmetic<D>::IntegerDivide(const D& a, const D& b) {
  const Magnitude x = Traits<D>::Split(a);
  const Magnitude y = Traits<D>::Split(b);
  if (y.units.IsZero()) return DivisionByZero(a, b);
  static const WideInteger* const unit = new WideInteger(WideInteger::PowerOf10(Traits<D>::kScale));
  WideInteger rest;
  return Joined({x.negative != y.negative, x.units.DivideBy(y.units, &rest) * *unit}, a, "/", b);
}

template <typename D>
absl::StatusOr<D> DecimalArithmetic<D>::Modulo(const D& a, const D& b) {
  const Magnitude x = Traits<D>::Split(a);
  const Magnitude y = Traits<D>::Split(b);
  if (y.units.IsZero()) return DivisionByZero(a, b);
  WideInteger rest;
  (void)x.units.DivideBy(y.units, &rest);
  return Joined({x.negative, rest}, a, "%", b);
}

template <typename D>
absl::StatusOr<D> DecimalArithmetic<D>::Negate(const D& a) {
  Magnitude m = Traits<D>::Split(a);
  m.negative = !m.negative;
  return Joined(m, a, "*", a);
}

template <typename D>
absl::StatusOr<D> DecimalArithmetic<D>::Absolute(const D& a) {
  Magnitude m = Traits<D>::Split(a);
  m.negative = false;
  return Joined(m, a, "*", a);
}

template <typename D>
absl::StatusOr<D> DecimalArithmetic<D>::Round(const D& a, int64_t digits, DecimalRounding rounding) {
  if (digits >= Traits<D>::kScale) return a;
  const int64_t dropped = Traits<D>::kScale - digits;
  if (dropped > 77) return D();
  Magnitude m = Traits<D>::Split(a);
  const WideInteger unit = WideInteger::PowerOf10(static_cast<int>(dropped));
  WideInteger rest;
  const WideInteger whole = m.units.DivideBy(unit, &rest);
  bool up = false;
  switch (rounding) {
    case DecimalRounding::kHalfAway:
      up = (rest + rest).Compare(unit) >= 0;
      break;
    case DecimalRounding::kHalfEven: {
      const int half = (rest + rest).Compare(unit);
      up = half > 0 || (half == 0 && whole.digits[0] % 2 == 1);
      break;
    }
    case DecimalRounding::kTruncate:
      break;
    case DecimalRounding::kFloor:
      up = m.negative && !rest.IsZero();
      break;
    case DecimalRounding::kCeiling:
      up = !m.negative && !rest.IsZero();
      break;
  }
  m.units = (up ? whole + WideInteger::From128(1) : whole) * unit;
  D result;
  if (Traits<D>::Join(m, &result)) return result;
  return base::InvalidArgument(Traits<D>::kName, " overflow: ROUND(", a.ToString(), ")");
}

template <typename D>
absl::StatusOr<int64_t> DecimalArithmetic<D>::ToInt64(const D& a) {
  const Magnitude m = Traits<D>::Split(a);
  const WideInteger whole = m.units.DivideRounded(WideInteger::PowerOf10(Traits<D>::kScale));
  const uint64_t magnitude = (static_cast<uint64_t>(whole.digits[1]) << 32) | whole.digits[0];
  constexpr uint64_t kLimit = 1ULL << 63;
  if (whole.BitCount() > 64 || magnitude > kLimit || (magnitude == kLimit && !m.negative)) {
    return base::InvalidArgument(Traits<D>::kName, " out of int64 range: ", a.ToString());
  }
  return m.negative ? static_cast<int64_t>(0 - magnitude) : static_cast<int64_t>(magnitude);
}

template <typename D>
int DecimalArithmetic<D>::Sign(const D& a) {
  const Magnitude m = Traits<D>::Split(a);
  return m.units.IsZero() ? 0 : m.negative ? -1 : 1;
}

// By n times the sum of squares less the square of the sum, of how far values are from the least one: whole
// numbers, so that nothing is lost where they are large and near each other.
template <typename D>
std::optional<double> DecimalArithmetic<D>::Variance(const std::vector<std::optional<D>>& values,
                                                     int64_t degrees_taken) {
  std::optional<D> least, most;
  uint64_t count = 0;
  for (const std::optional<D>& value : values) {
    if (!value.has_value()) continue;
    ++count;
    if (!least.has_value() || *value < *least) least = value;
    if (!most.has_value() || *most < *value) most = value;
  }
  if (count <= static_cast<uint64_t>(degrees_taken)) return std::nullopt;
  Magnitude negated = Traits<D>::Split(*least);
  negated.negative = !negated.negative;
  const auto distance = [&](const D& value) { return Added(Traits<D>::Split(value), negated).units; };
  // Digits that no double shows give way where squares would need more than there is room for.
  constexpr int kBits = 32 * WideInteger::kDigits;
  int dropped = 0;
  while (2 * (distance(*most).BitCount() - 32 * dropped + std::bit_width(count)) > kBits) ++dropped;
  WideInteger sum, squares;
  for (const std::optional<D>& value : values) {
    if (!value.has_value()) continue;
    const WideInteger units = distance(*value).WithoutDigits(dropped);
    sum = sum + units;
    squares = squares + units * units;
  }
  const WideInteger spread = squares * WideInteger::From128(count) - sum * sum;
  const long double unit = WideInteger::PowerOf10(Traits<D>::kScale).ToLongDouble();
  return static_cast<double>(std::ldexp(spread.ToLongDouble(), 64 * dropped) / unit / unit /
                             static_cast<long double>(count) /
                             static_cast<long double>(count - static_cast<uint64_t>(degrees_taken)));
}

template <typename D>
absl::StatusOr<std::optional<D>> DecimalArithmetic<D>::Sum(const std::vector<std::optional<D>>& values) {
  uint64_t count = 0;
  const Magnitude sum = SumOf(values, &count);
  if (count == 0) return std::optional<D>();
  return JoinedSum<D>(sum);
}

template <typename D>
absl::StatusOr<std::optional<D>> DecimalArithmetic<D>::Average(const std::vector<std::optional<D>>& values) {
  uint64_t count = 0;
  const Magnitude sum = SumOf(values, &count);
  if (count == 0) return std::optional<D>();
  return AverageOfSum<D>(sum, count);
}

NumericParts PartsOf(Numeric value) {
  const auto unit = static_cast<__int128>(kHighPartUnits);
  return {value.unscaled() / unit, value.unscaled() % unit};
}

absl::StatusOr<Numeric> SumOfParts(const NumericParts& sum) { return JoinedSum<Numeric>(MagnitudeOf(sum)); }

absl::StatusOr<Numeric> AverageOfParts(const NumericParts& sum, int64_t count) {
  return AverageOfSum<Numeric>(MagnitudeOf(sum), static_cast<uint64_t>(count));
}

template struct DecimalArithmetic<values::Numeric>;
template struct DecimalArithmetic<values::BigNumeric>;

}  // namespace bqcdc::emulator::sql
