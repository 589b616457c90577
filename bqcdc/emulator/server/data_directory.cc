#include "bqcdc/emulator/server/data_directory.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::server {

absl::StatusOr<DataDirectory> DataDirectory::Make(const std::string& path) {
  if (path.empty()) {
    std::error_code error;
    std::string pattern = (std::filesystem::temp_directory_path(error) / "bqcdc-serve-XXXXXX").string();
    if (error || mkdtemp(pattern.data()) == nullptr) {
      return base::Error(absl::StatusCode::kFailedPrecondition, "cannot make a temporary directory: ",
                         error ? error.message() : std::strerror(errno));
    }
    return DataDirectory(pattern, /*temporary=*/true);
  }
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "cannot make data directory ", path, ": ",
                       error.message());
  }
  if (access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "cannot write to data directory ", path, ": ",
                       std::strerror(errno));
  }
  return DataDirectory(path, /*temporary=*/false);
}

DataDirectory::~DataDirectory() {
  if (!temporary_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, false)) {}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  return *this;
}

}  // namespace bqcdc::emulator::server
