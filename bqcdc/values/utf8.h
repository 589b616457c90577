#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bqcdc::values {

void AppendUtf8(char32_t code_point, std::string* text);

// Bytes of the code point that `text` begins with; 0 where that is malformed, or nothing.
size_t Utf8SequenceLength(std::string_view text);

// Whether `text` is well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// Whether a code point goes on with this byte.
inline bool IsUtf8Continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Number of code points of well-formed UTF-8; BigQuery counts STRING(n) in them.
inline int64_t CountCodePoints(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !IsUtf8Continuation(c); });
}

}  // namespace bqcdc::values
