#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "bqcdc/values/value_error.h"

namespace bqcdc::values {

// A NUMERIC: an integer of at most 38 digits times 10^-9, so +-99999999999999999999999999999.999999999
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types).
class Numeric {
 public:
  static constexpr int kScale = 9;
  static constexpr int kPrecision = 38;
  static constexpr size_t kWireBytesMax = 16;
  static constexpr size_t kTextBytesMax = 41;  // sign, 29 digits, point, 9 digits, and one to spare
  static constexpr int64_t kUnit = 1'000'000'000;

  constexpr Numeric() = default;

  // Largest value, 10^38 - 1 units of 10^-9; the smallest is its negation.
  static constexpr Numeric Max() { return Numeric(kUnscaledMax); }
  static constexpr Numeric Min() { return Numeric(-kUnscaledMax); }

  // Parses decimal text, exponent included. Fractional digits beyond the scale are rounded half away from
  // zero.
  [[nodiscard]] static ValueError Parse(std::string_view text, Numeric* out);

  // Takes the value in units of 10^-9.
  [[nodiscard]] static constexpr ValueError FromUnscaled(__int128 unscaled, Numeric* out) {
    if (unscaled > kUnscaledMax || unscaled < -kUnscaledMax) return ValueError::kOutOfRange;
    *out = Numeric(unscaled);
    return ValueError::kNone;
  }

  static constexpr Numeric FromInt64(int64_t value) { return Numeric(static_cast<__int128>(value) * kUnit); }
  static constexpr Numeric FromUint64(uint64_t value) {
    return Numeric(static_cast<__int128>(value) * kUnit);
  }

  // Rounds the exact binary value half away from zero; NaN and infinities are out of range.
  [[nodiscard]] static ValueError FromDouble(double value, Numeric* out);

  // Reads the Storage Write API's bytes: two's complement, little-endian, 1 to 16 bytes, sign-extended. Empty
  // input is malformed.
  [[nodiscard]] static ValueError FromWireBytes(std::string_view bytes, Numeric* out);

  // Writes the shortest of these forms to `out`, which has room for kWireBytesMax; returns the number of
  // bytes.
  size_t ToWireBytes(char* out) const {
    static_assert(std::endian::native == std::endian::little);
    const auto low = static_cast<int64_t>(unscaled_);
    if (low != unscaled_) return ToLongWireBytes(out);
    // Nearly every value that is met.
    std::memcpy(out, &low, sizeof low);
    const int bits = std::bit_width(static_cast<uint64_t>(low < 0 ? ~low : low)) + 1;  // with the sign
    return static_cast<size_t>(bits + 7) / 8;
  }

  constexpr __int128 unscaled() const { return unscaled_; }

  // BigQuery's text: no exponent, no trailing zeros, no point for integers.
  std::string ToString() const;

  [[nodiscard]] static ValueError Add(Numeric a, Numeric b, Numeric* out);

  // What a column NUMERIC(precision, scale) stores: rounded half away from zero to `scale` fractional digits;
  // out of range where more than `precision` - `scale` digits stand before the point then.
  [[nodiscard]] ValueError Constrain(int precision, int scale, Numeric* out) const;

  friend constexpr auto operator<=>(Numeric, Numeric) = default;

 private:
  // 10^38 - 1, in two factors because no literal is that wide.
  static constexpr __int128 kUnscaledMax =
      static_cast<__int128>(10'000'000'000'000'000'000ULL) * 10'000'000'000'000'000'000ULL - 1;

  constexpr explicit Numeric(__int128 unscaled) : unscaled_(unscaled) {}
  size_t ToLongWireBytes(char* out) const;

  __int128 unscaled_ = 0;
};

}  // namespace bqcdc::values
