#include "bqcdc/values/sequence_number.h"

#include <array>
#include <bit>
#include <cstring>

namespace bqcdc::values {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

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

char* AppendHex(uint64_t value, char* out) {
  const int digits = value == 0 ? 1 : (std::bit_width(value) + 3) / 4;
  int left = digits;
  for (; left > 1; left -= 2, value >>= 8) std::memcpy(out + left - 2, &kHexPairs[2 * (value & 0xFF)], 2);
  if (left == 1) *out = kHexDigits[value & 0xF];
  return out + digits;
}

}  // namespace

std::optional<SequenceNumber> SequenceNumber::Parse(std::string_view text) {
  SequenceNumber number;
  size_t section = 0;
  size_t digits = 0;
  for (const char c : text) {
    if (c == '/') {
      if (digits == 0 || ++section == kSectionCount) return std::nullopt;
      digits = 0;
      continue;
    }
    const int digit = HexDigit(c);
    if (digit < 0 || ++digits > kSectionDigitsMax) return std::nullopt;
    number.sections[section] = (number.sections[section] << 4) | static_cast<uint64_t>(digit);
  }
  if (digits == 0) return std::nullopt;  // An empty text or a divider at the end.
  return number;
}

char* SequenceNumber::AppendTo(char* out) const {
  for (size_t i = 0; i < kSectionCount; ++i) {
    if (i != 0) *out++ = '/';
    out = AppendHex(sections[i], out);
  }
  return out;
}

std::string SequenceNumber::ToString() const {
  char text[kTextBytesMax];
  return std::string(text, AppendTo(text));
}

}  // namespace bqcdc::values
