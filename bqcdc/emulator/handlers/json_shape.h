#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace bqcdc::emulator::handlers {

// A body's limits beside its bytes: of "[[[[…" and "0,0,0,…" each byte takes dozens in memory.
inline constexpr size_t kJsonDepthMax = 100;  // that of Google's own front end
inline constexpr size_t kJsonValuesMax = 2'000'000;

// Looks over a JSON text, valid or not, before it is parsed. Errors: invalid, naming the limit.
absl::Status CheckJsonShape(std::string_view text);

}  // namespace bqcdc::emulator::handlers
