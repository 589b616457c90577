#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace bqcdc::emulator::engine {

// Errors of the store begin with this, whatever was asked: those of its own statements, and all since DuckDB
// has given itself up.
inline constexpr std::string_view kStoreErrorPrefix = "store: ";

inline bool IsStoreError(const absl::Status& status) {
  return absl::IsInternal(status) &&
         std::string_view(status.message().data(), status.message().size()).starts_with(kStoreErrorPrefix);
}

}  // namespace bqcdc::emulator::engine
