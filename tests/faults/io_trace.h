#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// What libbqcdc_io_log.so wrote down.
namespace bqcdc::faults {

struct IoEvent {
  enum class Kind : char {
    kWrite = 'W',
    kTruncate = 'T',
    kRename = 'R',
    kUnlink = 'U',
    kSyncStart = 's',
    kSyncEnd = 'S',
    kAcknowledge = 'A',
  };
  Kind kind;
  std::string name;     // the file's path; the stream that is acknowledged
  uint64_t offset = 0;  // of a write; the size after a truncation
  std::string data;     // of a write; the new path of a rename
};

absl::StatusOr<std::vector<IoEvent>> ReadIoTrace(const std::string& path);

// How much of what was written after a file's last fsync a crash leaves.
enum class Unsynced : uint8_t {
  kLost,    // nothing
  kPrefix,  // some of the writes, in order, the last one torn
  // All of it but the end of event `crash` - 1, a write: what a kill leaves, since the kernel looks for one
  // between two pages. Reads see a page as a whole, so the write ends with one.
  kKilled,
};

// Makes the files of `directory` as a power failure (or a kill) before event `crash` could leave them: each
// holds what was written before its last finished fsync began, and of the rest what `unsynced` says.
// Directory entries count as durable. Files go to `target` under the same relative paths.
absl::Status RebuildFiles(const std::vector<IoEvent>& events, size_t crash, const std::string& directory,
                          Unsynced unsynced, uint32_t seed, const std::string& target);

}  // namespace bqcdc::faults
