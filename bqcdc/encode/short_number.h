#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// JSON numbers of at most 16 characters beside the sign, which is nearly every one that is met, read by
// words. How many digits there are and where the point stands differs from value to value, so a loop over
// them costs a mispredicted branch, as much as all that is done here.
namespace bqcdc::encode {

// The characters, and the bytes that have to be readable from the first of them on.
inline constexpr size_t kShortNumberBytesMax = 16;

// Digits and how many of them stand behind the point.
struct ShortDecimal {
  int64_t digits = 0;
  int scale = 0;
};

// Up to 16 characters, the first in the lowest byte; those of digits are 0 to 9.
class ShortDigits {
 public:
  explicit ShortDigits(const char* text) {
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(&first_, text, sizeof first_);
    std::memcpy(&second_, text + sizeof first_, sizeof second_);
    first_ ^= kOnes * '0';
    second_ ^= kOnes * '0';
  }

  // Where the first point stands; 16 where there is none.
  size_t FindPoint() const {
    const uint64_t first = Points(first_);
    const uint64_t second = Points(second_);
    const int in_second = second == 0 ? 64 : std::countr_zero(second);
    return static_cast<size_t>(first == 0 ? 64 + in_second : std::countr_zero(first)) / 8;
  }
  // Takes out the character at `place`, up to 15.
  void TakeOut(size_t place) {
    const Both all = both();
    const Both before = (Both{1} << (8 * place)) - 1;
    set_both((all & before) | (all >> 8 & ~before));
  }
  // The value of the first `count` characters, 1 to 16; false where they are not all digits.
  bool Read(size_t count, uint64_t* value) const {
    // Zeros before them; what stands behind them drops out.
    const Both aligned = both() << (8 * (kShortNumberBytesMax - count));
    const auto high = static_cast<uint64_t>(aligned);
    const auto low = static_cast<uint64_t>(aligned >> 64);
    *value = EightDigits(high) * 100'000'000 + EightDigits(low);
    return (Others(high) | Others(low)) == 0;
  }

 private:
  using Both = unsigned __int128;

  static constexpr uint64_t kOnes = 0x0101010101010101;
  static constexpr uint64_t kHighBits = kOnes << 7;

  // The highest bit of each byte that is a point, and perhaps of some behind the first of them.
  static uint64_t Points(uint64_t bytes) {
    const uint64_t other = bytes ^ (kOnes * ('.' ^ '0'));
    return (other - kOnes) & ~other & kHighBits;
  }
  // Not 0 where a byte is above 9.
  static uint64_t Others(uint64_t bytes) { return ((bytes + kOnes * (0x7F - 9)) | bytes) & kHighBits; }
  // Of eight bytes from 0 to 9: pairs, pairs of pairs and so on are put together at once.
  static uint64_t EightDigits(uint64_t bytes) {
    constexpr uint64_t kPairs = 0x000000FF000000FF;
    bytes = bytes * 10 + (bytes >> 8);
    return ((bytes & kPairs) * (100 + (uint64_t{1'000'000} << 32)) +
            (bytes >> 16 & kPairs) * (1 + (uint64_t{10'000} << 32))) >>
           32;
  }

  Both both() const { return Both{second_} << 64 | first_; }
  void set_both(Both all) {
    first_ = static_cast<uint64_t>(all);
    second_ = static_cast<uint64_t>(all >> 64);
  }

  uint64_t first_ = 0;
  uint64_t second_ = 0;
};

// Reads a JSON integer; false where the token is anything else than a short one, valid or not.
inline bool ReadShortInteger(std::string_view token, int64_t* value) {
  const size_t sign = token.front() == '-' ? 1 : 0;
  const char* const digits = token.data() + sign;
  const size_t count = token.size() - sign;
  if (count == 0 || count > kShortNumberBytesMax || (count > 1 && *digits == '0')) return false;
  uint64_t number = 0;
  if (!ShortDigits(digits).Read(count, &number)) return false;
  *value = sign != 0 ? -static_cast<int64_t>(number) : static_cast<int64_t>(number);
  return true;
}

// Reads a JSON number without exponent; false where the text is anything else than a short one, valid or not,
// or -0, which a double tells from 0.
inline bool ReadShortDecimal(std::string_view text, ShortDecimal* number) {
  const size_t sign = !text.empty() && text.front() == '-' ? 1 : 0;
  const char* const begin = text.data() + sign;
  size_t count = text.size() - sign;
  if (count == 0 || count > kShortNumberBytesMax) return false;
  ShortDigits digits(begin);
  const size_t point = digits.FindPoint();
  number->scale = 0;
  if (point < count) {
    number->scale = static_cast<int>(count - point) - 1;
    if (point == 0 || number->scale == 0) return false;
    digits.TakeOut(point);
    --count;
  }
  if (*begin == '0' && point > 1 && count > 1) return false;
  uint64_t value = 0;
  if (!digits.Read(count, &value) || (sign != 0 && value == 0)) return false;
  number->digits = sign != 0 ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
  return true;
}

}  // namespace bqcdc::encode
