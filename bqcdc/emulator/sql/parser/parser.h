#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/sql/parser/ast.h"

namespace bqcdc::emulator::sql {

// Parses statements separated by semicolons; at least one. The tree owns everything and does not refer to
// `text`.
//
// Errors: kInvalidArgument with the service's wording and position ("Syntax error: Unexpected identifier
// "SLECT" at [1:1]"), also where a limit of limits.h is passed. The message may quote a token of the text:
// treat it as the user's data.
absl::StatusOr<Script> ParseScript(std::string_view text);

// As above where exactly one statement is wanted (a trailing semicolon is fine).
absl::StatusOr<StatementPtr> ParseStatement(std::string_view text);

// A lone expression, a lone type: stored defaults, schema files, tests.
absl::StatusOr<ExpressionPtr> ParseExpression(std::string_view text);
absl::StatusOr<TypeNamePtr> ParseType(std::string_view text);

}  // namespace bqcdc::emulator::sql
