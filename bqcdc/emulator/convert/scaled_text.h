#pragma once

#include <string>
#include <string_view>

namespace bqcdc::emulator::convert {

// Decimal text of the little-endian two's complement integer `bytes`, of at most 32, times 10^-scale, as
// Numeric::Parse and BigNumeric::Parse take it: "-15e-1".
std::string ScaledText(std::string_view bytes, int scale);

}  // namespace bqcdc::emulator::convert
