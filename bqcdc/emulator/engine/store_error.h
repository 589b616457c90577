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

// Whether DuckDB's text says that its memory did not suffice. A COMMIT wraps that in an error of another
// kind, but the advice to DuckDB's own users stays with it.
inline bool IsOutOfMemoryText(std::string_view text) {
  return text.find("\n\nPossible solutions:\n* Reducing the number of threads") != text.npos;
}

}  // namespace bqcdc::emulator::engine
