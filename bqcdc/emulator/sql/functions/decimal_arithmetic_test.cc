#include "bqcdc/emulator/sql/functions/decimal_arithmetic.h"

#include <gtest/gtest.h>

#include <random>

#include "bqcdc/emulator/sql/functions/wide_integer.h"

namespace bqcdc::emulator::sql {
namespace {

using values::BigNumeric;
using values::Numeric;

Numeric N(std::string_view text) {
  Numeric value;
  EXPECT_EQ(Numeric::Parse(text, &value), values::ValueError::kNone) << text;
  return value;
}
BigNumeric B(std::string_view text) {
  BigNumeric value;
  EXPECT_EQ(BigNumeric::Parse(text, &value), values::ValueError::kNone) << text;
  return value;
}
template <typename D>
std::string Text(const absl::StatusOr<D>& value) {
  return value.ok() ? value->ToString() : std::string(value.status().message());
}

TEST(DecimalArithmeticTest, Numeric) {
  using A = DecimalArithmetic<Numeric>;
  EXPECT_EQ(Text(A::Multiply(N("1.5"), N("-2.25"))), "-3.375");
  EXPECT_EQ(Text(A::Multiply(N("0.000000001"), N("0.5"))), "0.000000001");
  EXPECT_EQ(Text(A::Multiply(N("-0.000000001"), N("0.5"))), "-0.000000001");
  EXPECT_EQ(Text(A::Multiply(N("0.000000001"), N("0.4"))), "0");
  EXPECT_EQ(Text(A::Divide(N("2"), N("3"))), "0.666666667");
  EXPECT_EQ(Text(A::Divide(N("-1"), N("3"))), "-0.333333333");
  EXPECT_EQ(Text(A::Divide(N("1"), N("0"))), "division by zero: 1 / 0");
  EXPECT_EQ(Text(A::IntegerDivide(N("-7.5"), N("2"))), "-3");
  EXPECT_EQ(Text(A::Modulo(N("-7.5"), N("2"))), "-1.5");
  EXPECT_EQ(Text(A::Add(Numeric::Max(), N("0.000000001"))),
            "numeric overflow: 99999999999999999999999999999.999999999 + 0.000000001");
  EXPECT_EQ(Text(A::Subtract(Numeric::Max(), Numeric::Max())), "0");
  EXPECT_EQ(Text(A::Round(N("2.5"), 0, DecimalRounding::kHalfAway)), "3");
  EXPECT_EQ(Text(A::Round(N("-2.5"), 0, DecimalRounding::kHalfAway)), "-3");
  EXPECT_EQ(Text(A::Round(N("1234.5678"), -2, DecimalRounding::kHalfAway)), "1200");
  EXPECT_EQ(Text(A::Round(N("1.239"), 2, DecimalRounding::kTruncate)), "1.23");
  EXPECT_EQ(Text(A::Round(N("-1.1"), 0, DecimalRounding::kFloor)), "-2");
  EXPECT_EQ(Text(A::Round(N("-1.1"), 0, DecimalRounding::kCeiling)), "-1");
  EXPECT_EQ(A::ToInt64(N("-2.5")).value(), -3);
  EXPECT_FALSE(A::ToInt64(N("9223372036854775807.5")).ok());
}

TEST(DecimalArithmeticTest, BigNumeric) {
  using A = DecimalArithmetic<BigNumeric>;
  EXPECT_EQ(Text(A::Divide(B("1"), B("3"))), "0.33333333333333333333333333333333333333");
  EXPECT_EQ(Text(A::Multiply(B("12345678901234567890"), B("1.5"))), "18518518351851851835");
  EXPECT_EQ(Text(A::Negate(BigNumeric::Max())),
            Text(absl::StatusOr<BigNumeric>(
                B("-578960446186580977117854925043439539266.34992332820282019728792003956564819967"))));
  EXPECT_FALSE(A::Negate(BigNumeric::Min()).ok());
  EXPECT_FALSE(A::Multiply(BigNumeric::Max(), B("2")).ok());
  EXPECT_EQ(Text(A::Subtract(BigNumeric::Min(), BigNumeric::Min())), "0");
}

// Sums of squares of the largest values have more digits than there is room for.
TEST(DecimalArithmeticTest, VarianceOfTheLargestValues) {
  using A = DecimalArithmetic<BigNumeric>;
  std::vector<std::optional<BigNumeric>> values = {BigNumeric::Min(), std::nullopt, BigNumeric::Max()};
  const double half = BigNumeric::Max().ToDouble();
  EXPECT_DOUBLE_EQ(*A::Variance(values, 0), half * half);
  EXPECT_DOUBLE_EQ(*A::Variance(values, 1), 2 * half * half);
  for (int i = 0; i < 1000; ++i) values.insert(values.end(), {BigNumeric::Min(), BigNumeric::Max()});
  EXPECT_DOUBLE_EQ(*A::Variance(values, 0), half * half);
  EXPECT_EQ(A::Variance({std::nullopt}, 0), std::nullopt);
  EXPECT_EQ(A::Variance({B("1"), std::nullopt}, 1), std::nullopt);
  EXPECT_EQ(A::Variance({B("1")}, 0), 0.0);
  EXPECT_EQ(DecimalArithmetic<Numeric>::Variance({Numeric::Max(), Numeric::Min()}, 0), 1e58);
}

TEST(WideIntegerTest, DivisionIsTheInverseOfMultiplication) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    WideInteger divisor, quotient;
    const int divisor_digits = 1 + static_cast<int>(random() % 8);
    const int quotient_digits = static_cast<int>(random() % 8);
    // Digits at both ends of their range make the hard cases of the long division.
    const auto digit = [&]() -> uint32_t {
      switch (random() % 4) {
        case 0:
          return 0;
        case 1:
          return 0xFFFFFFFF;
        default:
          return static_cast<uint32_t>(random());
      }
    };
    for (int k = 0; k < divisor_digits; ++k) divisor.digits[k] = digit();
    divisor.digits[divisor_digits - 1] |= 1;
    for (int k = 0; k < quotient_digits; ++k) quotient.digits[k] = digit();
    WideInteger rest = divisor - WideInteger::From128(1);
    if (random() % 2 == 0) rest = WideInteger();
    WideInteger found_rest;
    const WideInteger found = (quotient * divisor + rest).DivideBy(divisor, &found_rest);
    ASSERT_EQ(found.digits, quotient.digits);
    ASSERT_EQ(found_rest.digits, rest.digits);
  }
}

}  // namespace
}  // namespace bqcdc::emulator::sql
