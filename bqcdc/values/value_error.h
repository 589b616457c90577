#pragma once

#include <cstdint>
#include <string_view>

namespace bqcdc::values {

// Why a text or an encoding is no value of its type. Parsers of this folder return it instead of a status,
// because they run once for each cell; callers make a readable message where column and row are known.
enum class ValueError : uint8_t {
  kNone = 0,
  kMalformed,   // not the grammar of the type
  kOutOfRange,  // well formed, but outside the type's range
  kTooPrecise,  // more fractional digits than the type keeps (times and JSON; decimals are rounded)
};

// Returns a phrase that follows a column name: "is malformed", "is out of range" ...
std::string_view Describe(ValueError error);

}  // namespace bqcdc::values
