#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace bqcdc::pipeline {

// A file descriptor that is closed with its last owner.
class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() { close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// The files that a run reads, one after the other. A log that is followed is another source after each
// rotation. Thread-safe.
class InputSources {
 public:
  // Adds one behind the others; `name` is what it is called to people, `path` where it is now.
  std::size_t Add(std::string name, std::string path) ABSL_LOCKS_EXCLUDED(mutex_);
  std::size_t count() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::string name(std::size_t source) const ABSL_LOCKS_EXCLUDED(mutex_);
  std::string path(std::size_t source) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Of sources that are kept open: their path may become another file's.
  void Keep(std::size_t source, std::shared_ptr<const OpenFile> file) ABSL_LOCKS_EXCLUDED(mutex_);
  std::shared_ptr<const OpenFile> kept(std::size_t source) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Lets go of what was kept of sources before this one.
  void ReleaseBefore(std::size_t source) ABSL_LOCKS_EXCLUDED(mutex_);

  // The source was read to its end.
  void SetEnd(std::size_t source, std::uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<std::uint64_t> end(std::size_t source) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Source {
    std::string name, path;
    std::shared_ptr<const OpenFile> file;
    std::optional<std::uint64_t> end;
  };

  mutable absl::Mutex mutex_;
  std::vector<Source> sources_ ABSL_GUARDED_BY(mutex_);
  std::size_t released_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace bqcdc::pipeline
