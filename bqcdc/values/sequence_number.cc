#include "bqcdc/values/sequence_number.h"

#include <bit>

namespace bqcdc::values {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

char* AppendHex(uint64_t value, char* out) {
  const int digits = value == 0 ? 1 : (std::bit_width(value) + 3) / 4;
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = "0123456789ABCDEF"[value & 0xF];
    value >>= 4;
  }
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
