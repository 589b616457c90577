#pragma once

#include <re2/re2.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace bqcdc::emulator::sql {

// What RE2::GlobalReplace makes of `text`, as an error where it is longer than a value may be.
// REQUIRES: `expression` accepts `rewrite` (CheckRewriteString); `text` is well-formed in its encoding.
absl::StatusOr<std::string> ReplaceMatches(const RE2& expression, std::string_view text,
                                           std::string_view rewrite);

}  // namespace bqcdc::emulator::sql
