#pragma once

#include <cstdint>

#include "absl/base/config.h"

namespace bqcdc::base {

// What AddressSanitizer costs. Memory: its shadow is an eighth of what is mapped, and what was freed stays in
// quarantine, 256 MiB of it in the end. Time: how much longer a thread may need for what it does between two
// waits, with the other tests beside it.
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
inline constexpr std::int64_t kSanitizerMemoryFactor = 4;
inline constexpr int kSanitizerTimeFactor = 5;
#else
inline constexpr std::int64_t kSanitizerMemoryFactor = 1;
inline constexpr int kSanitizerTimeFactor = 1;
#endif

}  // namespace bqcdc::base
