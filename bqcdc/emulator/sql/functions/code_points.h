#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/values/utf8.h"

// STRING as a sequence of Unicode code points.
namespace bqcdc::emulator::sql {

// Code points of valid UTF-8; a malformed byte becomes U+FFFD.
std::vector<char32_t> ToCodePoints(std::string_view text);
using values::AppendUtf8;
using values::CountCodePoints;
using values::IsUtf8;
// Bytes of the code point that begins at `lead`.
size_t Utf8Length(unsigned char lead);
// Byte offset of code point `index` (from 0), or text.size() where there are fewer.
size_t OffsetOfCodePoint(std::string_view text, int64_t index);

// Full case mappings of Unicode without a language: one character may become several.
std::string ToUpper(std::string_view text);
std::string ToLower(std::string_view text);
bool IsLetter(char32_t code_point);

}  // namespace bqcdc::emulator::sql
