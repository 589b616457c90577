#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace bqcdc::values {

void AppendUtf8(char32_t code_point, std::string* text);

// Number of code points of well-formed UTF-8; BigQuery counts STRING(n) in them.
inline int64_t CountCodePoints(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace bqcdc::values
