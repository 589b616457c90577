#include "bqcdc/values/bignumeric.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "bqcdc/values/decimal.h"

namespace bqcdc::values {
namespace {

using Limbs = BigNumeric::Limbs;
using Wide = unsigned __int128;

constexpr uint64_t kTenTo19 = 10'000'000'000'000'000'000ULL;
constexpr int kChunkDigits = 19;
// 77 digits fit into 256 bits for certain; the largest magnitude, 2^255, has 77.
constexpr int64_t kDigitsMax = 77;

constexpr std::array<uint64_t, kChunkDigits + 1> MakePowersOfTen() {
  std::array<uint64_t, kChunkDigits + 1> powers = {1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}

// `exponent` is 0..19.
uint64_t PowerOfTen(int exponent) {
  static constexpr auto kPowers = MakePowersOfTen();
  return kPowers[static_cast<size_t>(exponent)];
}

// limbs = limbs * factor + addend; returns the carry out of 256 bits.
uint64_t MultiplyAdd(Limbs* limbs, uint64_t factor, uint64_t addend) {
  uint64_t carry = addend;
  for (uint64_t& limb : *limbs) {
    const Wide product = static_cast<Wide>(limb) * factor + carry;
    limb = static_cast<uint64_t>(product);
    carry = static_cast<uint64_t>(product >> 64);
  }
  return carry;
}

// limbs = limbs / divisor; returns the remainder.
uint64_t Divide(Limbs* limbs, uint64_t divisor) {
  uint64_t remainder = 0;
  for (size_t i = limbs->size(); i-- > 0;) {
    const Wide dividend = (static_cast<Wide>(remainder) << 64) | (*limbs)[i];
    (*limbs)[i] = static_cast<uint64_t>(dividend / divisor);
    remainder = static_cast<uint64_t>(dividend % divisor);
  }
  return remainder;
}

Limbs Negated(const Limbs& limbs) {
  Limbs result;
  uint64_t carry = 1;
  for (size_t i = 0; i < limbs.size(); ++i) {
    result[i] = ~limbs[i] + carry;
    carry = (carry != 0 && result[i] == 0) ? 1 : 0;
  }
  return result;
}

// |value|; of Min() it is 2^255, which the unsigned limbs hold.
Limbs Magnitude(const BigNumeric& value) { return value.negative() ? Negated(value.limbs()) : value.limbs(); }

bool IsZero(const Limbs& limbs) { return (limbs[0] | limbs[1] | limbs[2] | limbs[3]) == 0; }

ValueError FromMagnitude(bool negative, const Limbs& magnitude, BigNumeric* out) {
  if ((magnitude[3] >> 63) != 0) {
    const bool is_min = negative && magnitude == BigNumeric::Min().limbs();
    if (!is_min) return ValueError::kOutOfRange;
  }
  *out = BigNumeric(negative ? Negated(magnitude) : magnitude);
  return ValueError::kNone;
}

// magnitude = round(magnitude / 10^digits), half away from zero. The remainder's digits are looked at from
// the most significant one, so the last division decides.
void DivideRounding(Limbs* magnitude, int digits) {
  if (digits == 0) return;
  for (int rest = digits - 1; rest > 0;) {
    const int step = std::min(rest, kChunkDigits);
    Divide(magnitude, PowerOfTen(step));
    rest -= step;
  }
  if (Divide(magnitude, 10) >= 5) MultiplyAdd(magnitude, 1, 1);
}

// Up to 18 digits in all fit into one limb, which covers nearly every value that is met.
constexpr size_t kFastDigitsMax = 18;

bool ParseFast(const DecimalText& text, Limbs* magnitude) {
  if (text.exponent != 0 || text.integer.size() + text.fraction.size() > kFastDigitsMax) return false;
  uint64_t digits = 0;
  for (const char c : text.integer) digits = digits * 10 + static_cast<uint64_t>(c - '0');
  for (const char c : text.fraction) digits = digits * 10 + static_cast<uint64_t>(c - '0');
  *magnitude = {digits, 0, 0, 0};
  MultiplyAdd(magnitude, kTenTo19, 0);
  MultiplyAdd(magnitude,
              PowerOfTen(BigNumeric::kScale - kChunkDigits - static_cast<int>(text.fraction.size())), 0);
  return true;
}

}  // namespace

ValueError BigNumeric::Parse(std::string_view text, BigNumeric* out) {
  DecimalText parts;
  if (const ValueError error = SplitDecimal(text, &parts); error != ValueError::kNone) return error;
  Limbs magnitude = {};
  if (ParseFast(parts, &magnitude)) return FromMagnitude(parts.negative, magnitude, out);
  const ScaledDigits digits(parts, kScale);
  if (digits.count() > kDigitsMax) return ValueError::kOutOfRange;
  for (int64_t i = 0; i < digits.count();) {
    const int step = static_cast<int>(std::min<int64_t>(kChunkDigits, digits.count() - i));
    uint64_t chunk = 0;
    for (int j = 0; j < step; ++j) chunk = chunk * 10 + digits.At(i++);
    MultiplyAdd(&magnitude, PowerOfTen(step), chunk);
  }
  if (digits.round_up()) MultiplyAdd(&magnitude, 1, 1);
  return FromMagnitude(parts.negative, magnitude, out);
}

BigNumeric BigNumeric::FromUint64(uint64_t value) {
  Limbs limbs = {value, 0, 0, 0};
  MultiplyAdd(&limbs, kTenTo19, 0);
  MultiplyAdd(&limbs, kTenTo19, 0);
  return BigNumeric(limbs);
}

BigNumeric BigNumeric::FromInt64(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  const BigNumeric magnitude = FromUint64(value < 0 ? 0 - bits : bits);
  return value < 0 ? BigNumeric(Negated(magnitude.limbs_)) : magnitude;
}

BigNumeric BigNumeric::FromNumeric(Numeric value) {
  const bool negative = value.unscaled() < 0;
  const auto bits = static_cast<Wide>(negative ? -value.unscaled() : value.unscaled());
  Limbs limbs = {static_cast<uint64_t>(bits), static_cast<uint64_t>(bits >> 64), 0, 0};
  MultiplyAdd(&limbs, kTenTo19, 0);
  MultiplyAdd(&limbs, PowerOfTen(kScale - Numeric::kScale - kChunkDigits), 0);
  return BigNumeric(negative ? Negated(limbs) : limbs);
}

ValueError BigNumeric::FromDouble(double value, BigNumeric* out) {
  if (!(std::abs(value) < 1e39)) return ValueError::kOutOfRange;
  // As for NUMERIC: rounding must see the whole expansion.
  char text[1200];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 1074).ptr;
  return Parse(std::string_view(text, static_cast<size_t>(end - text)), out);
}

ValueError BigNumeric::ToNumeric(Numeric* out) const {
  Limbs magnitude = Magnitude(*this);
  DivideRounding(&magnitude, kScale - Numeric::kScale);
  if (magnitude[3] != 0 || magnitude[2] != 0 || (magnitude[1] >> 63) != 0) return ValueError::kOutOfRange;
  const auto bits = static_cast<__int128>((static_cast<Wide>(magnitude[1]) << 64) | magnitude[0]);
  return Numeric::FromUnscaled(negative() ? -bits : bits, out);
}

ValueError BigNumeric::FromWireBytes(std::string_view bytes, BigNumeric* out) {
  if (bytes.empty() || bytes.size() > kWireBytesMax) return ValueError::kMalformed;
  const uint64_t sign = static_cast<int8_t>(bytes.back()) < 0 ? ~0ULL : 0;
  Limbs limbs = {sign, sign, sign, sign};
  for (size_t i = 0; i < bytes.size(); ++i) {
    const unsigned shift = static_cast<unsigned>(i % 8) * 8;
    limbs[i / 8] &= ~(0xFFULL << shift);
    limbs[i / 8] |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << shift;
  }
  *out = BigNumeric(limbs);
  return ValueError::kNone;
}

size_t BigNumeric::ToWireBytes(char* out) const {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(out, limbs_.data(), kWireBytesMax);
  const char filler = negative() ? '\xFF' : '\0';
  size_t count = kWireBytesMax;
  while (count > 1 && out[count - 1] == filler && ((out[count - 2] ^ filler) & 0x80) == 0) --count;
  return count;
}

void BigNumeric::ToBlob(char* out) const {
  for (size_t i = 0; i < kBlobBytes; ++i) {
    const size_t from = kBlobBytes - 1 - i;
    out[i] = static_cast<char>(limbs_[from / 8] >> (from % 8 * 8));
  }
  out[0] = static_cast<char>(out[0] ^ 0x80);
}

std::string BigNumeric::ToBlob() const {
  std::string blob(kBlobBytes, '\0');
  ToBlob(blob.data());
  return blob;
}

ValueError BigNumeric::FromBlob(std::string_view bytes, BigNumeric* out) {
  if (bytes.size() != kBlobBytes) return ValueError::kMalformed;
  Limbs limbs = {};
  for (size_t i = 0; i < kBlobBytes; ++i) {
    const size_t to = kBlobBytes - 1 - i;
    const auto byte = static_cast<uint8_t>(bytes[i] ^ (i == 0 ? 0x80 : 0));
    limbs[to / 8] |= static_cast<uint64_t>(byte) << (to % 8 * 8);
  }
  *out = BigNumeric(limbs);
  return ValueError::kNone;
}

std::string BigNumeric::ToString() const {
  Limbs rest = Magnitude(*this);
  char text[100];
  char* const end = text + sizeof text;
  char* begin = end;
  // At least one digit before the point, so kScale + 1 digits.
  while (!IsZero(rest) || end - begin <= kScale) {
    uint64_t chunk = Divide(&rest, kTenTo19);
    for (int i = 0; i < kChunkDigits; ++i, chunk /= 10) *--begin = static_cast<char>('0' + chunk % 10);
  }
  while (*begin == '0' && end - begin > kScale + 1) ++begin;
  std::string result(negative() ? "-" : "");
  result.append(begin, end - kScale);
  char* fraction_end = end;
  while (fraction_end > end - kScale && fraction_end[-1] == '0') --fraction_end;
  if (fraction_end > end - kScale) {
    result.push_back('.');
    result.append(end - kScale, fraction_end);
  }
  return result;
}

double BigNumeric::ToDouble() const {
  const std::string text = ToString();
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

ValueError BigNumeric::Add(const BigNumeric& a, const BigNumeric& b, BigNumeric* out) {
  Limbs sum;
  uint64_t carry = 0;
  for (size_t i = 0; i < sum.size(); ++i) {
    const Wide limb = static_cast<Wide>(a.limbs_[i]) + b.limbs_[i] + carry;
    sum[i] = static_cast<uint64_t>(limb);
    carry = static_cast<uint64_t>(limb >> 64);
  }
  const BigNumeric result(sum);
  if (a.negative() == b.negative() && result.negative() != a.negative()) return ValueError::kOutOfRange;
  *out = result;
  return ValueError::kNone;
}

ValueError BigNumeric::Negate(BigNumeric* out) const {
  if (*this == Min()) return ValueError::kOutOfRange;
  *out = BigNumeric(Negated(limbs_));
  return ValueError::kNone;
}

ValueError BigNumeric::Constrain(int precision, int scale, BigNumeric* out) const {
  Limbs magnitude = Magnitude(*this);
  DivideRounding(&magnitude, kScale - scale);
  if (precision < kDigitsMax) {
    Limbs quotient = magnitude;
    for (int rest = precision; rest > 0;) {
      const int step = std::min(rest, kChunkDigits);
      Divide(&quotient, PowerOfTen(step));
      rest -= step;
    }
    if (!IsZero(quotient)) return ValueError::kOutOfRange;
  }
  for (int rest = kScale - scale; rest > 0;) {
    const int step = std::min(rest, kChunkDigits);
    if (MultiplyAdd(&magnitude, PowerOfTen(step), 0) != 0) return ValueError::kOutOfRange;
    rest -= step;
  }
  return FromMagnitude(negative(), magnitude, out);
}

}  // namespace bqcdc::values
