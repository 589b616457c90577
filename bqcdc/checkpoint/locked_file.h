#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bqcdc::checkpoint {

struct LockedFileOptions {
  std::string path;
  std::string what;         // for messages: "dead letter file"
  std::string in_use_hint;  // what to do where another process has it
  bool create = true;
};

// A regular file that one process at a time has (flock), open for reading and appending. It can be replaced
// as a whole without giving up the lock. New ones have mode 0600; one that was there is left as it is, since
// it may be somebody else's. Movable; not thread-safe.
class LockedFile {
 public:
  // Errors: FailedPrecondition (in use, no regular file), NotFound (without `create`), Internal.
  static absl::StatusOr<LockedFile> Open(LockedFileOptions options);
  LockedFile(LockedFile&& other) noexcept;
  LockedFile& operator=(LockedFile&&) = delete;
  ~LockedFile();

  // Puts a new file in its place: `write` fills it. Whenever the machine stops, the old or the new one is
  // there, whole; the new one is on disk when Ok is returned.
  absl::Status Replace(const std::function<absl::Status(int fd)>& write);

  // Mode 0600 for a file that was there and has turned out to be ours.
  absl::Status Protect();

  int fd() const { return fd_; }
  const std::string& path() const { return options_.path; }
  // "cannot READ dead letter file PATH: …", from errno.
  absl::Status SystemError(std::string_view verb) const;
  absl::Status WriteAll(int fd, std::string_view bytes) const;

 private:
  explicit LockedFile(LockedFileOptions options) : options_(std::move(options)) {}
  // Ok with fd_ = -1: the name has got another file meanwhile.
  absl::Status TryOpen();
  absl::Status SyncDirectory() const;

  LockedFileOptions options_;
  int fd_ = -1;
};

}  // namespace bqcdc::checkpoint
