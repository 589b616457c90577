#pragma once

#include <string_view>

namespace bqcdc::encode {

// Decodes base64 of RFC 4648, standard or URL alphabet, padding optional, no white space. `out` has room for
// 3 * (size / 4) + 3 bytes. Returns the end of the bytes, or nullptr where the text is not base64.
char* DecodeBase64(std::string_view text, char* out);

}  // namespace bqcdc::encode
