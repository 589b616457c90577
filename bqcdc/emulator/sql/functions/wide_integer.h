#pragma once

#include <array>
#include <cstdint>

namespace bqcdc::emulator::sql {

// An unsigned integer of 512 bits: wide enough for the product of two BIGNUMERICs. Digits of 32 bits, least
// significant first. Overflow beyond 512 bits cannot happen for the decimals that this serves.
struct WideInteger {
  static constexpr int kDigits = 16;
  std::array<uint32_t, kDigits> digits = {};

  static WideInteger From128(unsigned __int128 value);
  // 10^exponent, exponent <= 77.
  static WideInteger PowerOf10(int exponent);

  int DigitCount() const;
  bool IsZero() const { return DigitCount() == 0; }
  // Number of significant bits.
  int BitCount() const;
  // Without the `count` least significant digits.
  WideInteger WithoutDigits(int count) const;
  long double ToLongDouble() const;
  int Compare(const WideInteger& other) const;
  WideInteger operator+(const WideInteger& other) const;
  // REQUIRES: other <= *this.
  WideInteger operator-(const WideInteger& other) const;
  WideInteger operator*(const WideInteger& other) const;
  // REQUIRES: divisor != 0.
  WideInteger DivideBy(const WideInteger& divisor, WideInteger* remainder) const;
  // Quotient rounded half away from zero.
  WideInteger DivideRounded(const WideInteger& divisor) const;
};

}  // namespace bqcdc::emulator::sql
