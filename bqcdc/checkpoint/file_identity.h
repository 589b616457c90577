#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace bqcdc::checkpoint {

// By what an input is recognised.
struct FileIdentity {
  std::string path;
  bool regular = false;  // else a pipe or a terminal, of which nothing more is known
  std::uint64_t device = 0, inode = 0;
  // A hash of its first bytes: another file is noticed even where the inode number is used again.
  std::uint64_t head_bytes = 0;
  std::string head_sha256;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

inline constexpr std::uint64_t kHeadBytesMax = 64 * 1024;
// Before the position in the file: a file that was emptied and filled again is noticed.
inline constexpr std::uint64_t kTailBytesMax = 4 * 1024;

absl::StatusOr<FileIdentity> IdentifyFile(const std::string& path, int fd);

// SHA-256 in hexadecimal of `count` bytes from `offset` on. OutOfRange where the file is shorter.
absl::StatusOr<std::string> HashRange(const std::string& path, int fd, std::uint64_t offset,
                                      std::uint64_t count);

}  // namespace bqcdc::checkpoint
