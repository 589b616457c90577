#include "bqcdc/values/numeric.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "bqcdc/values/decimal.h"

namespace bqcdc::values {
namespace {

constexpr int64_t kPowersOfTen[] = {1,       10,        100,        1'000,       10'000,
                                    100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

// Up to 18 digits in all need no more than 64 bits, which covers nearly every value that is met.
constexpr size_t kFastDigitsMax = 18;

bool ParseFast(const DecimalText& text, __int128* magnitude) {
  if (text.exponent != 0 || text.fraction.size() > Numeric::kScale ||
      text.integer.size() + text.fraction.size() > kFastDigitsMax) {
    return false;
  }
  int64_t digits = 0;
  for (const char c : text.integer) digits = digits * 10 + (c - '0');
  for (const char c : text.fraction) digits = digits * 10 + (c - '0');
  *magnitude = static_cast<__int128>(digits) * kPowersOfTen[Numeric::kScale - text.fraction.size()];
  return true;
}

__int128 PowerOfTen(int exponent) {
  __int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

}  // namespace

ValueError Numeric::Parse(std::string_view text, Numeric* out) {
  DecimalText parts;
  if (const ValueError error = SplitDecimal(text, &parts); error != ValueError::kNone) return error;
  __int128 magnitude = 0;
  if (!ParseFast(parts, &magnitude)) {
    const ScaledDigits digits(parts, kScale);
    if (digits.count() > kPrecision) return ValueError::kOutOfRange;
    for (int64_t i = 0; i < digits.count(); ++i) magnitude = magnitude * 10 + digits.At(i);
    if (digits.round_up()) ++magnitude;
  }
  return FromUnscaled(parts.negative ? -magnitude : magnitude, out);
}

ValueError Numeric::FromDouble(double value, Numeric* out) {
  if (!(std::abs(value) < 1e30)) return ValueError::kOutOfRange;
  // A double has an exact decimal expansion of at most 1,074 fractional digits; rounding must see all of
  // them.
  char text[1200];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 1074).ptr;
  return Parse(std::string_view(text, static_cast<size_t>(end - text)), out);
}

ValueError Numeric::FromWireBytes(std::string_view bytes, Numeric* out) {
  if (bytes.empty() || bytes.size() > kWireBytesMax) return ValueError::kMalformed;
  unsigned __int128 bits = static_cast<int8_t>(bytes.back()) < 0 ? ~static_cast<unsigned __int128>(0) : 0;
  for (size_t i = bytes.size(); i-- > 0;) bits = (bits << 8) | static_cast<uint8_t>(bytes[i]);
  return FromUnscaled(static_cast<__int128>(bits), out);
}

size_t Numeric::ToLongWireBytes(char* out) const {
  __int128 rest = unscaled_;
  size_t count = 0;
  for (;;) {
    const auto byte = static_cast<int8_t>(rest);
    out[count++] = static_cast<char>(byte);
    rest >>= 8;
    // Done once the bytes written carry the sign of what is left.
    if (rest == (byte < 0 ? -1 : 0)) return count;
  }
}

std::string Numeric::ToString() const {
  const bool negative = unscaled_ < 0;
  const auto magnitude = static_cast<unsigned __int128>(negative ? -unscaled_ : unscaled_);
  auto integer = magnitude / kUnit;
  auto fraction = static_cast<uint64_t>(magnitude % kUnit);

  char text[kTextBytesMax];
  char* const end = text + sizeof text;
  char* begin = end;
  if (fraction != 0) {
    int digits = kScale;
    for (; fraction % 10 == 0; --digits) fraction /= 10;
    for (; digits > 0; --digits, fraction /= 10) *--begin = static_cast<char>('0' + fraction % 10);
    *--begin = '.';
  }
  do {
    *--begin = static_cast<char>('0' + static_cast<int>(integer % 10));
    integer /= 10;
  } while (integer != 0);
  if (negative) *--begin = '-';
  return std::string(begin, end);
}

ValueError Numeric::Add(Numeric a, Numeric b, Numeric* out) {
  __int128 sum = 0;
  if (__builtin_add_overflow(a.unscaled_, b.unscaled_, &sum)) return ValueError::kOutOfRange;
  return FromUnscaled(sum, out);
}

ValueError Numeric::Constrain(int precision, int scale, Numeric* out) const {
  const __int128 unit = PowerOfTen(kScale - scale);
  const __int128 half = unit / 2;
  const __int128 rounded = (unscaled_ + (unscaled_ < 0 ? -half : half)) / unit;
  const __int128 limit = PowerOfTen(precision);
  if (rounded >= limit || rounded <= -limit) return ValueError::kOutOfRange;
  return FromUnscaled(rounded * unit, out);
}

}  // namespace bqcdc::values
