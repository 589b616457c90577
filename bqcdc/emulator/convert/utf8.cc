#include "bqcdc/emulator/convert/utf8.h"

#include <cstring>

#include "absl/strings/escaping.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::convert {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ULL;

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Bytes of the code point that starts at `at`, 0 where it is malformed (RFC 3629, table of section 4).
size_t CodePointBytes(const char* at, size_t left) {
  const uint8_t lead = static_cast<uint8_t>(at[0]);
  if (lead < 0x80) return 1;
  const uint8_t second = left > 1 ? static_cast<uint8_t>(at[1]) : 0;
  if (lead >= 0xC2 && lead <= 0xDF) return left > 1 && IsContinuation(at[1]) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : 0xBF;
    return left > 2 && second >= low && second <= high && IsContinuation(at[2]) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
    return left > 3 && second >= low && second <= high && IsContinuation(at[2]) && IsContinuation(at[3]) ? 4
                                                                                                         : 0;
  }
  return 0;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  const char* at = text.data();
  size_t left = text.size();
  while (left > 0) {
    // Most text is ASCII: eight bytes a step.
    uint64_t word;
    if (left >= sizeof(word) && (std::memcpy(&word, at, sizeof(word)), (word & kHighBits) == 0)) {
      at += sizeof(word);
      left -= sizeof(word);
      continue;
    }
    const size_t bytes = CodePointBytes(at, left);
    if (bytes == 0) return false;
    at += bytes;
    left -= bytes;
  }
  return true;
}

std::string Quotable(std::string_view text, size_t bytes_max) {
  std::string_view kept = text.substr(0, bytes_max);
  // Do not cut a code point in two.
  if (kept.size() < text.size()) {
    while (!kept.empty() && IsContinuation(text[kept.size()])) kept.remove_suffix(1);
  }
  std::string result = IsUtf8(kept) ? std::string(kept) : absl::CHexEscape(base::ToAbsl(kept));
  if (kept.size() < text.size()) result += "…";
  return result;
}

}  // namespace bqcdc::emulator::convert
