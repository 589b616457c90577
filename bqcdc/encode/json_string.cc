#include "bqcdc/encode/json_string.h"

#include <cstdint>
#include <cstring>

namespace bqcdc::encode {
namespace {

// Value of four hexadecimal digits at `at`, -1 where there are none.
int32_t ReadUnit(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      unit = unit * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + (lower - 'a' + 10);
    } else {
      return -1;
    }
  }
  return unit;
}

char* WriteUtf8(uint32_t code, char* out) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xC0 | (code >> 6));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out++ = static_cast<char>(0xE0 | (code >> 12));
    *out++ = static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out++ = static_cast<char>(0xF0 | (code >> 18));
    *out++ = static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    *out++ = static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  }
  return out;
}

// Reads what follows "\u", a second "\uXXXX" included where the first is a high surrogate.
bool ReadCodePoint(const char** at, const char* end, uint32_t* code) {
  const int32_t unit = ReadUnit(*at, end);
  if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) return false;
  *at += 4;
  *code = static_cast<uint32_t>(unit);
  if (unit < 0xD800 || unit > 0xDBFF) return true;
  if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') return false;
  const int32_t low = ReadUnit(*at + 2, end);
  if (low < 0xDC00 || low > 0xDFFF) return false;
  *at += 6;
  *code = 0x10000 + ((static_cast<uint32_t>(unit) - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00);
  return true;
}

// The character of a short escape, 0 where there is no such escape.
char ShortEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

}  // namespace

char* UnescapeJson(std::string_view inner, char* out) {
  const char* at = inner.data();
  const char* const end = at + inner.size();
  while (at != end) {
    const auto* escape = static_cast<const char*>(std::memchr(at, '\\', static_cast<size_t>(end - at)));
    const char* const chunk_end = escape == nullptr ? end : escape;
    std::memmove(out, at, static_cast<size_t>(chunk_end - at));
    out += chunk_end - at;
    if (escape == nullptr) break;
    at = escape + 1;
    if (at == end) return nullptr;
    const char kind = *at++;
    if (kind == 'u') {
      uint32_t code = 0;
      if (!ReadCodePoint(&at, end, &code)) return nullptr;
      out = WriteUtf8(code, out);
    } else {
      const char meant = ShortEscape(kind);
      if (meant == 0) return nullptr;
      *out++ = meant;
    }
  }
  return out;
}

}  // namespace bqcdc::encode
