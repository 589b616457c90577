#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace bqcdc::emulator::handlers {

// Where a listing goes on. To clients a token is opaque; it is checked to be one of ours and of the same
// listing, so that a stray token is an error and not a wrong page. `listing` names the listing ("job p:j", a
// table with its uid), `position` is the listing's own.

std::string MakePageToken(std::string_view listing, std::string_view position);
// The position. Errors: invalid.
absl::StatusOr<std::string> ParsePageToken(std::string_view listing, std::string_view token);

// Of rows, which are counted.
std::string MakeRowToken(std::string_view listing, int64_t next_row);
absl::StatusOr<int64_t> ParseRowToken(std::string_view listing, std::string_view token);

// A hash of text as 16 hexadecimal digits, for etags.
std::string TextHash(std::string_view text);

}  // namespace bqcdc::emulator::handlers
