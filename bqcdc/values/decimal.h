#pragma once

#include <cstdint>
#include <string_view>

#include "bqcdc/values/value_error.h"

namespace bqcdc::values {

// A decimal number as written, taken apart: (-1)^negative * integer.fraction * 10^exponent. The views point
// into the text. Shared by NUMERIC and BIGNUMERIC, whose digits must never pass through a double.
struct DecimalText {
  bool negative = false;
  std::string_view integer;   // digits before the point, may be empty
  std::string_view fraction;  // digits after the point, may be empty
  int32_t exponent = 0;       // clamped to +-kExponentMax
};

// Exponents beyond it decide nothing any more: the value is 0 or out of range for every text below 1 MiB.
inline constexpr int32_t kExponentMax = 2'000'000;

// Takes a decimal text apart: [+-]digits[.digits][(e|E)[+-]digits], with at least one digit before or after
// the point. No white space, no infinities.
[[nodiscard]] ValueError SplitDecimal(std::string_view text, DecimalText* out);

// The digits of a decimal that are kept for a scale: `count` digits, read by At(), which are the integer
// |value| * 10^scale before rounding; `round_up` says that the first digit dropped was 5 or more.
class ScaledDigits {
 public:
  ScaledDigits(const DecimalText& text, int scale);

  // Number of kept digits without leading zeros; 0 for a value that is zero before rounding.
  int64_t count() const { return count_; }
  // Digit at `index` (0 = most significant), 0..9.
  unsigned At(int64_t index) const { return DigitAt(first_ + index); }
  bool round_up() const { return round_up_; }

 private:
  unsigned DigitAt(int64_t position) const;

  const DecimalText& text_;
  int64_t first_ = 0;
  int64_t count_ = 0;
  bool round_up_ = false;
};

}  // namespace bqcdc::values
