#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/emulator/sql/parser/token.h"

namespace bqcdc::emulator::sql {

// Splits GoogleSQL into tokens; the last is kEnd. Comments and white space are dropped. Tokens refer to
// `text`.
//
// Errors: kInvalidArgument, with position: unclosed or malformed literals, illegal characters, text over
// kTextBytesMax.
absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text);

// kInvalidArgument: "Syntax error: <message> at [line:column]".
absl::Status SyntaxError(std::string_view message, const Position& position);

}  // namespace bqcdc::emulator::sql
