#pragma once

#include <cstdint>
#include <string_view>

namespace bqcdc::encode {

// Whether UTF-8 text has more than `characters_max` characters; negative = no limit.
inline bool IsLongerThan(std::string_view text, int64_t characters_max) {
  if (characters_max < 0 || static_cast<int64_t>(text.size()) <= characters_max) return false;
  int64_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return characters > characters_max;
}

}  // namespace bqcdc::encode
