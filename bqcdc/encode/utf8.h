#pragma once

#include <string_view>

namespace bqcdc::encode {

// As values::IsUtf8, by vectors: three times as fast for texts of a few words that are not all ASCII.
bool IsUtf8(std::string_view text);

}  // namespace bqcdc::encode
