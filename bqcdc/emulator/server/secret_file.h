#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace bqcdc::emulator::server {

inline constexpr std::size_t kTokenFileBytesMax = 64 * 1024;

// The text of a file that the flag `flag` names. Errors: FailedPrecondition naming both, never the text.
absl::StatusOr<std::string> ReadSmallFile(const std::string& flag, const std::string& path,
                                          std::size_t bytes_max);

// --bearer-token-file: a token a line; empty lines and lines that begin with # count for nothing. Errors:
// FailedPrecondition where there is none, or a line that cannot stand in a header (named by its number).
absl::StatusOr<std::vector<std::string>> ReadBearerTokens(const std::string& path);

}  // namespace bqcdc::emulator::server
