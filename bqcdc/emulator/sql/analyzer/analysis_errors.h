#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/parser/position.h"

namespace bqcdc::emulator::sql {

// `errors::InvalidQueryAt` and `errors::UnsupportedInQuery` at a node's position, the text put together of
// pieces.
template <typename... Pieces>
absl::Status ErrorAt(const Position& position, const Pieces&... pieces) {
  return errors::InvalidQueryAt(base::StrCat(pieces...), position.line, position.column);
}
template <typename... Pieces>
absl::Status Unsupported(const Position& position, const Pieces&... pieces) {
  return errors::UnsupportedInQuery(base::StrCat(pieces...), position.line, position.column);
}

}  // namespace bqcdc::emulator::sql
