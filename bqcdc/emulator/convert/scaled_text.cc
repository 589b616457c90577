#include "bqcdc/emulator/convert/scaled_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace bqcdc::emulator::convert {
namespace {

constexpr size_t kBytesMax = 32;
using Limbs = std::array<uint32_t, kBytesMax / sizeof(uint32_t)>;  // least significant first

// Divides in place and gives the remainder.
uint32_t DivideByTen(Limbs& limbs) {
  uint64_t remainder = 0;
  for (size_t i = limbs.size(); i-- > 0;) {
    const uint64_t part = remainder << 32 | limbs[i];
    limbs[i] = static_cast<uint32_t>(part / 10);
    remainder = part % 10;
  }
  return static_cast<uint32_t>(remainder);
}

}  // namespace

std::string ScaledText(std::string_view bytes, int scale) {
  if (bytes.empty()) return "0";
  const bool negative = static_cast<signed char>(bytes.back()) < 0;
  Limbs limbs;
  limbs.fill(negative ? ~uint32_t{0} : 0);
  std::memcpy(limbs.data(), bytes.data(), std::min(bytes.size(), kBytesMax));
  if (negative) {
    uint64_t carry = 1;
    for (uint32_t& limb : limbs) {
      carry += static_cast<uint32_t>(~limb);
      limb = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
  }
  std::string digits;
  while (std::any_of(limbs.begin(), limbs.end(), [](uint32_t limb) { return limb != 0; })) {
    digits.push_back(static_cast<char>('0' + DivideByTen(limbs)));
  }
  if (digits.empty()) return "0";
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return scale == 0 ? digits : absl::StrCat(digits, "e", -scale);
}

}  // namespace bqcdc::emulator::convert
