#pragma once

#include <cstdint>
#include <string_view>

namespace bqcdc::emulator::sql {

// FARM_FINGERPRINT: the 64-bit fingerprint of FarmHash (https://github.com/google/farmhash), which never
// changes.
int64_t FarmFingerprint(std::string_view text);

}  // namespace bqcdc::emulator::sql
