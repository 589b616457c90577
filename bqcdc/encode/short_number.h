#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "absl/base/attributes.h"
#include "bqcdc/encode/byte_block.h"

// JSON numbers of at most 16 characters beside the sign, which is nearly every one that is met, read by
// words. How many digits there are and where the point stands differs from value to value, so a loop over
// them costs a mispredicted branch, as much as all that is done here.
namespace bqcdc::encode {

// The characters, and the bytes that have to be readable from the first of them on.
inline constexpr size_t kShortNumberBytesMax = 16;
static_assert(kShortNumberBytesMax == ByteBlock::kSize);
// Bytes that have to be readable from the sign on.
inline constexpr size_t kShortNumberPaddingBytes = 1 + kShortNumberBytesMax - 1 + sizeof(uint64_t);

inline constexpr std::array<int64_t, 19> kPowersOfTen = [] {
  std::array<int64_t, 19> powers = {1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// Digits and how many of them stand behind the point.
struct ShortDecimal {
  int64_t digits = 0;
  int scale = 0;
};

namespace short_number {

// The value of eight digits: pairs, pairs of pairs and so on are put together at once. `word` has the digits
// in the order of memory, and may begin with zero bytes.
inline uint64_t EightDigits(uint64_t word) {
  constexpr uint64_t kPairs = 0x000000FF000000FF;
  word &= 0x0F0F0F0F0F0F0F0F;
  word = word * 10 + (word >> 8);
  return ((word & kPairs) * (100 + (uint64_t{1'000'000} << 32)) +
          (word >> 16 & kPairs) * (1 + (uint64_t{10'000} << 32))) >>
         32;
}

// The first `count` bytes of eight, 1 to 8, behind zero bytes.
inline uint64_t LoadLast(const char* bytes, size_t count) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word << (64 - 8 * count);
}

// The value of `count` digits, 1 to 16. Eight bytes are readable.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline int64_t ReadDigits(const char* digits, size_t count) {
  if (count <= 8) return static_cast<int64_t>(EightDigits(LoadLast(digits, count)));
  return static_cast<int64_t>(EightDigits(LoadLast(digits, count - 8)) * 100'000'000 +
                              EightDigits(LoadLast(digits + count - 8, 8)));
}

// The same of `whole` digits, a point, and `scale` digits.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline int64_t ReadDigits(const char* digits, size_t whole, size_t scale) {
  const char* const fraction = digits + whole + 1;
  if (whole + scale > 8) return ReadDigits(digits, whole) * kPowersOfTen[scale] + ReadDigits(fraction, scale);
  return static_cast<int64_t>(
      EightDigits(LoadLast(digits, whole) >> (8 * scale) | LoadLast(fraction, scale)));
}

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }
// What goes on as a number, beside digits.
inline bool GoesOn(char c) { return c == '.' || (c | 0x20) == 'e'; }

}  // namespace short_number

// Reads the digits of a JSON integer that begins at `text` and returns where they end; nullptr where
// something else than a short one stands there, valid or not. What follows it is the caller's business, but
// for more digits.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline const char* TakeShortInteger(const char* text, int64_t* value) {
  const bool negative = *text == '-';
  const char* const digits = text + (negative ? 1 : 0);
  const auto count = static_cast<size_t>(
      std::countr_zero(ByteBlock(digits).NoDigits() | uint32_t{1} << kShortNumberBytesMax));
  if (count == 0 || (count > 1 && *digits == '0')) return nullptr;
  if (count == kShortNumberBytesMax && short_number::IsDigit(digits[count])) return nullptr;
  const int64_t number = short_number::ReadDigits(digits, count);
  *value = negative ? -number : number;
  return digits + count;
}

// The same for a JSON number without exponent. -0, which a double tells from 0, is refused.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline const char* TakeShortDecimal(const char* text, ShortDecimal* number) {
  const bool negative = *text == '-';
  const char* const digits = text + (negative ? 1 : 0);
  uint32_t others = ByteBlock(digits).NoDigits() | uint32_t{1} << kShortNumberBytesMax;
  const auto whole = static_cast<size_t>(std::countr_zero(others));
  if (whole == 0 || (whole > 1 && *digits == '0')) return nullptr;
  size_t end = whole;
  size_t scale = 0;
  int64_t value = 0;
  if (whole < kShortNumberBytesMax && digits[whole] == '.') {
    others &= others - 1;
    end = static_cast<size_t>(std::countr_zero(others));
    scale = end - whole - 1;
    if (scale == 0) return nullptr;
    value = short_number::ReadDigits(digits, whole, scale);
  } else {
    value = short_number::ReadDigits(digits, whole);
  }
  number->scale = static_cast<int>(scale);
  if (end == kShortNumberBytesMax && short_number::IsDigit(digits[end])) return nullptr;
  if (short_number::GoesOn(digits[end]) || (negative && value == 0)) return nullptr;
  number->digits = negative ? -value : value;
  return digits + end;
}

// Reads a JSON integer; false where the token is anything else than a short one, valid or not.
// kShortNumberPaddingBytes are readable.
inline bool ReadShortInteger(std::string_view token, int64_t* value) {
  return TakeShortInteger(token.data(), value) == token.data() + token.size();
}

}  // namespace bqcdc::encode
