#include "bqcdc/emulator/sql/functions/wide_integer.h"

namespace bqcdc::emulator::sql {

WideInteger WideInteger::From128(unsigned __int128 value) {
  WideInteger result;
  for (int i = 0; i < 4; ++i) result.digits[i] = static_cast<uint32_t>(value >> (32 * i));
  return result;
}

WideInteger WideInteger::PowerOf10(int exponent) {
  WideInteger result = From128(1);
  const WideInteger ten = From128(10);
  for (int i = 0; i < exponent; ++i) result = result * ten;
  return result;
}

int WideInteger::DigitCount() const {
  int count = kDigits;
  while (count > 0 && digits[count - 1] == 0) --count;
  return count;
}

int WideInteger::BitCount() const {
  const int count = DigitCount();
  return count == 0 ? 0 : 32 * count - __builtin_clz(digits[count - 1]);
}

WideInteger WideInteger::WithoutDigits(int count) const {
  WideInteger rest;
  for (int i = count; i < kDigits; ++i) rest.digits[i - count] = digits[i];
  return rest;
}

long double WideInteger::ToLongDouble() const {
  long double value = 0;
  for (int i = kDigits - 1; i >= 0; --i) value = value * 0x1p32L + static_cast<long double>(digits[i]);
  return value;
}

int WideInteger::Compare(const WideInteger& other) const {
  for (int i = kDigits - 1; i >= 0; --i) {
    if (digits[i] != other.digits[i]) return digits[i] < other.digits[i] ? -1 : 1;
  }
  return 0;
}

WideInteger WideInteger::operator+(const WideInteger& other) const {
  WideInteger result;
  uint64_t carry = 0;
  for (int i = 0; i < kDigits; ++i) {
    carry += static_cast<uint64_t>(digits[i]) + other.digits[i];
    result.digits[i] = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  return result;
}

WideInteger WideInteger::operator-(const WideInteger& other) const {
  WideInteger result;
  int64_t borrow = 0;
  for (int i = 0; i < kDigits; ++i) {
    const int64_t difference = static_cast<int64_t>(digits[i]) - other.digits[i] + borrow;
    result.digits[i] = static_cast<uint32_t>(difference);
    borrow = difference < 0 ? -1 : 0;
  }
  return result;
}

WideInteger WideInteger::operator*(const WideInteger& other) const {
  WideInteger result;
  const int a = DigitCount();
  const int b = other.DigitCount();
  for (int i = 0; i < a; ++i) {
    uint64_t carry = 0;
    for (int k = 0; k < b && i + k < kDigits; ++k) {
      carry += static_cast<uint64_t>(digits[i]) * other.digits[k] + result.digits[i + k];
      result.digits[i + k] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    for (int k = i + b; carry != 0 && k < kDigits; ++k) {
      carry += result.digits[k];
      result.digits[k] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
  }
  return result;
}

// Knuth, The Art of Computer Programming, volume 2, algorithm D.
WideInteger WideInteger::DivideBy(const WideInteger& divisor, WideInteger* remainder) const {
  const int n = divisor.DigitCount();
  const int m = DigitCount();
  WideInteger quotient;
  *remainder = *this;
  if (Compare(divisor) < 0) return quotient;
  if (n == 1) {
    uint64_t rest = 0;
    for (int i = m - 1; i >= 0; --i) {
      rest = (rest << 32) | digits[i];
      quotient.digits[i] = static_cast<uint32_t>(rest / divisor.digits[0]);
      rest %= divisor.digits[0];
    }
    *remainder = From128(rest);
    return quotient;
  }
  const int shift = __builtin_clz(divisor.digits[n - 1]);
  std::array<uint32_t, kDigits + 1> u = {};
  std::array<uint32_t, kDigits> v = {};
  for (int i = n - 1; i >= 0; --i) {
    v[i] = (divisor.digits[i] << shift) | (shift > 0 && i > 0 ? divisor.digits[i - 1] >> (32 - shift) : 0);
  }
  u[m] = shift > 0 ? digits[m - 1] >> (32 - shift) : 0;
  for (int i = m - 1; i >= 0; --i) {
    u[i] = (digits[i] << shift) | (shift > 0 && i > 0 ? digits[i - 1] >> (32 - shift) : 0);
  }
  constexpr uint64_t kBase = 1ULL << 32;
  for (int j = m - n; j >= 0; --j) {
    const uint64_t top = (static_cast<uint64_t>(u[j + n]) << 32) | u[j + n - 1];
    uint64_t guess = top / v[n - 1];
    uint64_t rest = top % v[n - 1];
    while (guess >= kBase || guess * v[n - 2] > ((rest << 32) | u[j + n - 2])) {
      --guess;
      rest += v[n - 1];
      if (rest >= kBase) break;
    }
    int64_t borrow = 0;
    uint64_t carry = 0;
    for (int i = 0; i < n; ++i) {
      carry += guess * v[i];
      const int64_t difference = static_cast<int64_t>(u[i + j]) - static_cast<uint32_t>(carry) + borrow;
      u[i + j] = static_cast<uint32_t>(difference);
      borrow = difference < 0 ? -1 : 0;
      carry >>= 32;
    }
    const int64_t last = static_cast<int64_t>(u[j + n]) - static_cast<int64_t>(carry) + borrow;
    u[j + n] = static_cast<uint32_t>(last);
    if (last < 0) {
      --guess;
      uint64_t add = 0;
      for (int i = 0; i < n; ++i) {
        add += static_cast<uint64_t>(u[i + j]) + v[i];
        u[i + j] = static_cast<uint32_t>(add);
        add >>= 32;
      }
      u[j + n] += static_cast<uint32_t>(add);
    }
    quotient.digits[j] = static_cast<uint32_t>(guess);
  }
  WideInteger rest;
  for (int i = 0; i < n; ++i) {
    rest.digits[i] = (u[i] >> shift) |
                     (shift > 0 ? static_cast<uint32_t>(static_cast<uint64_t>(u[i + 1]) << (32 - shift)) : 0);
  }
  *remainder = rest;
  return quotient;
}

WideInteger WideInteger::DivideRounded(const WideInteger& divisor) const {
  WideInteger rest;
  WideInteger quotient = DivideBy(divisor, &rest);
  if ((rest + rest).Compare(divisor) >= 0) quotient = quotient + From128(1);
  return quotient;
}

}  // namespace bqcdc::emulator::sql
