#include "bqcdc/checkpoint/locked_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "bqcdc/base/durable_file.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::checkpoint {
namespace {

constexpr mode_t kMode = 0600;
constexpr int kOpenAttemptsMax = 100;

}  // namespace

LockedFile::LockedFile(LockedFile&& other) noexcept
    : options_(std::move(other.options_)), fd_(std::exchange(other.fd_, -1)) {}

LockedFile::~LockedFile() {
  if (fd_ >= 0) close(fd_);
}

absl::Status LockedFile::SystemError(std::string_view verb) const {
  const int error = errno;
  return base::Error(error == ENOENT ? absl::StatusCode::kNotFound : absl::StatusCode::kInternal, "cannot ",
                     verb, " ", options_.what, " ", options_.path, ": ", std::strerror(error));
}

absl::StatusOr<LockedFile> LockedFile::Open(LockedFileOptions options) {
  LockedFile file(std::move(options));
  for (int attempt = 0; attempt < kOpenAttemptsMax; ++attempt) {
    BQCDC_RETURN_IF_ERROR(file.TryOpen());
    if (file.fd_ >= 0) return file;
  }
  return base::Error(absl::StatusCode::kFailedPrecondition, file.options_.what, " ", file.options_.path,
                     " is replaced again and again by another process");
}

absl::Status LockedFile::TryOpen() {
  const bool existed = access(options_.path.c_str(), F_OK) == 0;
  const int create = options_.create ? O_CREAT : 0;
  fd_ = open(options_.path.c_str(), O_RDWR | create | O_APPEND | O_CLOEXEC | O_NONBLOCK, kMode);
  if (fd_ < 0) return SystemError("open");
  const auto fail = [this](absl::Status status) {
    close(std::exchange(fd_, -1));
    return status;
  };
  struct stat facts = {}, named = {};
  if (fstat(fd_, &facts) != 0) return fail(SystemError("look at"));
  if (!S_ISREG(facts.st_mode)) {
    return fail(base::Error(absl::StatusCode::kFailedPrecondition, options_.what, " ", options_.path,
                            " is no regular file"));
  }
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    return fail(base::Error(absl::StatusCode::kFailedPrecondition, options_.what, " ", options_.path,
                            " is in use by another run", options_.in_use_hint.empty() ? "" : "; ",
                            options_.in_use_hint));
  }
  // Whoever had the lock before may have put another file in this one's place: what is written here would be
  // lost.
  if (stat(options_.path.c_str(), &named) != 0 || named.st_ino != facts.st_ino ||
      named.st_dev != facts.st_dev) {
    return fail(absl::OkStatus());
  }
  if (!existed) {
    // fsync of a new file covers its bytes, not its name.
    if (const absl::Status status = SyncDirectory(); !status.ok()) return fail(status);
  }
  return absl::OkStatus();
}

absl::Status LockedFile::Protect() {
  struct stat facts = {};
  if (fstat(fd_, &facts) != 0) return SystemError("look at");
  return (facts.st_mode & 0777) == kMode || fchmod(fd_, kMode) == 0 ? absl::OkStatus()
                                                                    : SystemError("protect");
}

absl::Status LockedFile::WriteAll(int fd, std::string_view bytes) const {
  return base::WriteAll(fd, bytes) ? absl::OkStatus() : SystemError("write");
}

absl::Status LockedFile::SyncDirectory() const {
  return base::SyncDirectoryOf(options_.path) ? absl::OkStatus() : SystemError("sync the directory of");
}

absl::Status LockedFile::Replace(const std::function<absl::Status(int fd)>& write) {
  // A symbolic link stays one.
  std::error_code ignored;
  const std::filesystem::path resolved = std::filesystem::canonical(options_.path, ignored);
  const std::string target = ignored ? options_.path : resolved.string();
  // Nobody else has this name, since the lock is ours; what a crash left behind is overwritten.
  const std::string temporary = target + ".tmp";
  const int fd =
      open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kMode);
  if (fd < 0) return SystemError("replace");
  absl::Status status;
  if (fchmod(fd, kMode) != 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) status = SystemError("replace");
  if (status.ok()) status = write(fd);
  base::HitFailpoint(base::Failpoint::kReplaceBeforeSync);
  if (status.ok() && fsync(fd) != 0) status = SystemError("sync");
  base::HitFailpoint(base::Failpoint::kReplaceBeforeRename);
  if (status.ok() && rename(temporary.c_str(), target.c_str()) != 0) status = SystemError("rename");
  if (!status.ok()) {
    close(fd);
    unlink(temporary.c_str());
    return status;
  }
  base::HitFailpoint(base::Failpoint::kReplaceAfterRename);
  close(std::exchange(fd_, fd));
  BQCDC_RETURN_IF_ERROR(SyncDirectory());
  base::HitFailpoint(base::Failpoint::kReplaceAfterSync);
  return absl::OkStatus();
}

}  // namespace bqcdc::checkpoint
