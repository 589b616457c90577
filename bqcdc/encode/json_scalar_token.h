#pragma once

#include <string_view>

namespace bqcdc::encode {

// The string (with its quotes), number or literal that `json` begins with; empty where it begins with
// anything else. A string is well-formed UTF-8 without control characters, and ends; its escapes are not
// looked at, nor the grammar of numbers.
std::string_view FindJsonScalar(std::string_view json);

}  // namespace bqcdc::encode
