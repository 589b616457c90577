#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bqcdc::emulator::engine {

// `a + b + c + …` for an operator of which it is all the same where the brackets stand, " + " here. DuckDB's
// parser nests a plain chain as deep as it is long, and takes no expression deeper than 1,000; this one is as
// deep as the logarithm of the number of operands, of which there is at least one.
std::string BalancedChain(const std::vector<std::string>& operands, std::string_view between);

}  // namespace bqcdc::emulator::engine
