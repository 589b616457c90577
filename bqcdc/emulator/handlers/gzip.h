#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bqcdc::emulator::handlers {

// Answers below this are sent as they are: they fit into one packet anyway.
inline constexpr size_t kGzipBytesMin = 1024;

// Whether a header Accept-Encoding takes gzip.
bool AcceptsGzip(std::string_view accept_encoding);

// The text in gzip's format (RFC 1952), at the fastest level: most clients are on the same machine. Unset
// where zlib has no memory.
std::optional<std::string> Gzip(std::string_view text);

}  // namespace bqcdc::emulator::handlers
