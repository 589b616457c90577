#include "bqcdc/encode/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace bqcdc::encode {
namespace {

constexpr uint8_t kNoDigit = 0xFF;

constexpr std::array<uint8_t, 256> MakeDigits() {
  std::array<uint8_t, 256> digits = {};
  digits.fill(kNoDigit);
  for (int i = 0; i < 26; ++i) {
    digits[static_cast<size_t>('A' + i)] = static_cast<uint8_t>(i);
    digits[static_cast<size_t>('a' + i)] = static_cast<uint8_t>(26 + i);
  }
  for (int i = 0; i < 10; ++i) digits[static_cast<size_t>('0' + i)] = static_cast<uint8_t>(52 + i);
  digits['+'] = digits['-'] = 62;
  digits['/'] = digits['_'] = 63;
  return digits;
}

constexpr std::array<uint8_t, 256> kDigits = MakeDigits();

uint32_t Digit(char c) { return kDigits[static_cast<uint8_t>(c)]; }

}  // namespace

char* DecodeBase64(std::string_view text, char* out) {
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  }
  size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const uint32_t a = Digit(text[i]);
    const uint32_t b = Digit(text[i + 1]);
    const uint32_t c = Digit(text[i + 2]);
    const uint32_t d = Digit(text[i + 3]);
    if ((a | b | c | d) == kNoDigit) return nullptr;  // Digits stay below 64, so no other mix gives 255.
    const uint32_t group = (a << 18) | (b << 12) | (c << 6) | d;
    *out++ = static_cast<char>(group >> 16);
    *out++ = static_cast<char>(group >> 8);
    *out++ = static_cast<char>(group);
  }
  const size_t rest = text.size() - i;
  if (rest == 0) return out;
  if (rest == 1) return nullptr;
  const uint32_t a = Digit(text[i]);
  const uint32_t b = Digit(text[i + 1]);
  const uint32_t c = rest == 3 ? Digit(text[i + 2]) : 0;
  if (a == kNoDigit || b == kNoDigit || c == kNoDigit) return nullptr;
  const uint32_t group = (a << 18) | (b << 12) | (c << 6);
  *out++ = static_cast<char>(group >> 16);
  if (rest == 3) *out++ = static_cast<char>(group >> 8);
  return out;
}

}  // namespace bqcdc::encode
