#pragma once

#include <string>
#include <string_view>

namespace bqcdc::emulator::convert {

// Exact decimal text of the little-endian two's complement integer `bytes`, of 1 to 32, times 10^-scale, as
// Numeric::Parse and BigNumeric::Parse take it: "-1.5"; with an exponent beyond what BIGNUMERIC holds. Empty
// for other numbers of bytes. `scale`: at most 38.
std::string ScaledText(std::string_view bytes, int scale);

}  // namespace bqcdc::emulator::convert
