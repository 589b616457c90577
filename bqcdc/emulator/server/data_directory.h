#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace bqcdc::emulator::server {

// The directory that a server keeps its tables in; a temporary one is removed at the end.
class DataDirectory {
 public:
  // Makes `path` if it is missing; empty: a temporary directory. Errors: FailedPrecondition with the reason.
  static absl::StatusOr<DataDirectory> Make(const std::string& path);
  ~DataDirectory();
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;

  const std::string& path() const { return path_; }

 private:
  DataDirectory(std::string path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}

  std::string path_;
  bool temporary_;
};

}  // namespace bqcdc::emulator::server
