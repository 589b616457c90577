#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bqcdc/values/numeric.h"
#include "bqcdc/values/value_error.h"

namespace bqcdc::values {

// A BIGNUMERIC: a 256-bit two's complement integer times 10^-38
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types).
class BigNumeric {
 public:
  static constexpr int kScale = 38;
  static constexpr size_t kWireBytesMax = 32;
  static constexpr size_t kBlobBytes = 32;
  // Limbs of 64 bits, least significant first.
  using Limbs = std::array<uint64_t, 4>;

  constexpr BigNumeric() = default;
  constexpr explicit BigNumeric(const Limbs& limbs) : limbs_(limbs) {}

  static constexpr BigNumeric Max() { return BigNumeric(Limbs{~0ULL, ~0ULL, ~0ULL, ~0ULL >> 1}); }
  static constexpr BigNumeric Min() { return BigNumeric(Limbs{0, 0, 0, 1ULL << 63}); }

  // Parses decimal text, exponent included. Fractional digits beyond the scale are rounded half away from
  // zero.
  [[nodiscard]] static ValueError Parse(std::string_view text, BigNumeric* out);

  static BigNumeric FromInt64(int64_t value);
  static BigNumeric FromUint64(uint64_t value);
  static BigNumeric FromNumeric(Numeric value);

  // Rounds the exact binary value half away from zero; NaN and infinities are out of range.
  [[nodiscard]] static ValueError FromDouble(double value, BigNumeric* out);

  // Rounds half away from zero to 9 fractional digits; out of range where NUMERIC cannot hold the value.
  [[nodiscard]] ValueError ToNumeric(Numeric* out) const;

  // Reads the Storage Write API's bytes: two's complement, little-endian, 1 to 32 bytes, sign-extended. Empty
  // input is malformed.
  [[nodiscard]] static ValueError FromWireBytes(std::string_view bytes, BigNumeric* out);

  // Writes the shortest of these forms to `out`, which has room for kWireBytesMax; returns the number of
  // bytes.
  size_t ToWireBytes(char* out) const;

  // Storage form: 32 bytes, big-endian, sign bit flipped, so that memcmp orders as the numbers do.
  void ToBlob(char* out) const;
  std::string ToBlob() const;
  // `bytes` must have exactly kBlobBytes bytes.
  [[nodiscard]] static ValueError FromBlob(std::string_view bytes, BigNumeric* out);

  // BigQuery's text: no exponent, no trailing zeros, no point for integers.
  std::string ToString() const;

  // The nearest double.
  double ToDouble() const;

  // Out of range where the sum needs more than 256 bits.
  [[nodiscard]] static ValueError Add(const BigNumeric& a, const BigNumeric& b, BigNumeric* out);

  // Negation; out of range for Min().
  [[nodiscard]] ValueError Negate(BigNumeric* out) const;

  // What a column BIGNUMERIC(precision, scale) stores: rounded half away from zero to `scale` fractional
  // digits; out of range where more than `precision` - `scale` digits stand before the point then.
  [[nodiscard]] ValueError Constrain(int precision, int scale, BigNumeric* out) const;

  bool negative() const { return (limbs_[3] >> 63) != 0; }
  const Limbs& limbs() const { return limbs_; }

  friend constexpr bool operator==(const BigNumeric&, const BigNumeric&) = default;
  friend constexpr std::strong_ordering operator<=>(const BigNumeric& a, const BigNumeric& b) {
    if (const auto order = static_cast<int64_t>(a.limbs_[3]) <=> static_cast<int64_t>(b.limbs_[3]);
        order != 0) {
      return order;
    }
    for (int i = 2; i >= 0; --i) {
      if (const auto order = a.limbs_[i] <=> b.limbs_[i]; order != 0) return order;
    }
    return std::strong_ordering::equal;
  }

 private:
  Limbs limbs_ = {};
};

}  // namespace bqcdc::values
