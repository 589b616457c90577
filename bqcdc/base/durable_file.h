#pragma once

#include <string_view>

// What POSIX needs for bytes and names that outlive a power failure. False means that errno says why.
namespace bqcdc::base {

// All of `bytes`, at the descriptor's position.
bool WriteAll(int fd, std::string_view bytes);

// Makes the name of the file `path` durable; fsync of a file covers its bytes only.
bool SyncDirectoryOf(std::string_view path);

}  // namespace bqcdc::base
