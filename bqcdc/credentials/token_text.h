#pragma once

#include <cstddef>
#include <string>

namespace bqcdc::credentials {

// Google's tokens have up to a few kilobytes; gRPC allows 8 KiB of headers.
inline constexpr std::size_t kTokenBytesMax = 7 * 1024;

// Whether this can stand in an Authorization header: 1 to kTokenBytesMax bytes, printable, no blanks.
// Anything else would break the header or, in gRPC, the call.
inline bool IsTokenText(const std::string& text) {
  if (text.empty() || text.size() > kTokenBytesMax) return false;
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

}  // namespace bqcdc::credentials
