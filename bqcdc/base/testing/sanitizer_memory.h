#pragma once

#include <cstdint>

#include "absl/base/config.h"

namespace bqcdc::base {

// How many times the memory of the plain program one with AddressSanitizer may hold: its shadow is an eighth
// of what is mapped, and what was freed stays in quarantine, 256 MiB of it, for a while.
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
inline constexpr std::int64_t kSanitizerMemoryFactor = 4;
#else
inline constexpr std::int64_t kSanitizerMemoryFactor = 1;
#endif

}  // namespace bqcdc::base
