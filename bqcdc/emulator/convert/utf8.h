#pragma once

#include <string>
#include <string_view>

#include "bqcdc/values/utf8.h"

namespace bqcdc::emulator::convert {

using values::CountCodePoints;
using values::IsUtf8;

// `text` for a message: at most `bytes_max` bytes, whatever is not UTF-8 escaped, `…` where it was cut.
std::string Quotable(std::string_view text, size_t bytes_max = 100);

}  // namespace bqcdc::emulator::convert
