#pragma once

#include <string_view>

namespace bqcdc::encode {

// Undoes the escapes of a JSON string. `inner` stands between the quotes; `out` has room for as many bytes,
// since no escape is shorter than what it means. Returns the end of the text, or nullptr where an escape is
// not JSON's or half of a surrogate pair stands alone (which no UTF-8 can hold).
char* UnescapeJson(std::string_view inner, char* out);

}  // namespace bqcdc::encode
