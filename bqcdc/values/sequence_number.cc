#include "bqcdc/values/sequence_number.h"

#include <array>
#include <bit>
#include <cstring>

namespace bqcdc::values {
namespace {

// Values of digits by their character; what is none.
constexpr uint8_t kNoDigit = 16;
constexpr std::array<uint8_t, 256> kDigitValues = [] {
  std::array<uint8_t, 256> values = {};
  values.fill(kNoDigit);
  for (uint8_t i = 0; i < 10; ++i) values[static_cast<size_t>('0' + i)] = i;
  for (uint8_t i = 0; i < 6; ++i) {
    values[static_cast<size_t>('A' + i)] = static_cast<uint8_t>(10 + i);
    values[static_cast<size_t>('a' + i)] = static_cast<uint8_t>(10 + i);
  }
  return values;
}();

constexpr char kHexDigits[] = "0123456789ABCDEF";

// Both digits of each byte.
constexpr std::array<char, 512> kHexPairs = [] {
  std::array<char, 512> pairs = {};
  for (size_t i = 0; i < 256; ++i) {
    pairs[2 * i] = kHexDigits[i >> 4];
    pairs[2 * i + 1] = kHexDigits[i & 0xF];
  }
  return pairs;
}();

}  // namespace

std::optional<SequenceNumber> SequenceNumber::Parse(std::string_view text) {
  SequenceNumber number;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (uint64_t& section : number.sections) {
    const char* const begin = at;
    uint64_t value = 0;
    for (; at != end; ++at) {
      const uint8_t digit = kDigitValues[static_cast<uint8_t>(*at)];
      if (digit == kNoDigit) break;
      value = value << 4 | digit;
    }
    if (at == begin || static_cast<size_t>(at - begin) > kSectionDigitsMax) return std::nullopt;
    section = value;
    if (at == end) return number;
    if (*at++ != '/') return std::nullopt;
  }
  return std::nullopt;  // a fifth section, or a divider at the end
}

char* SequenceNumber::AppendTo(char* out) const {
  for (size_t i = 0; i < kSectionCount; ++i) {
    if (i != 0) *out++ = '/';
    out = AppendSection(sections[i], out);
  }
  return out;
}

char* SequenceNumber::AppendLongSection(uint64_t section, char* out) {
  const int digits = (std::bit_width(section) + 3) / 4;
  int left = digits;
  for (; left > 1; left -= 2, section >>= 8) std::memcpy(out + left - 2, &kHexPairs[2 * (section & 0xFF)], 2);
  if (left == 1) *out = kHexDigits[section & 0xF];
  return out + digits;
}

std::string SequenceNumber::ToString() const {
  char text[kTextBytesMax];
  return std::string(text, AppendTo(text));
}

}  // namespace bqcdc::values
