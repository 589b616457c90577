#pragma once

#include <string>

namespace bqcdc::values {

void AppendUtf8(char32_t code_point, std::string* text);

}  // namespace bqcdc::values
