#include "bqcdc/base/standard_streams.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <string>

namespace bqcdc::base {

bool OccupyClosedStandardStreams() {
  bool occupied = false;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // What a program inherits is not closed by exec; so one that would be is a library's.
    const int flags = fcntl(fd, F_GETFD);
    if (flags != -1 && (flags & FD_CLOEXEC) == 0) continue;
    // Opened for the other direction than it serves.
    const int null = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (null < 0 || (null != fd && dup2(null, fd) != fd)) _exit(1);
    if (null != fd) close(null);
    occupied = true;
  }
  return occupied;
}

void KeepStandardStreams(char** argv) {
  if (!OccupyClosedStandardStreams()) return;
  std::string path(PATH_MAX, '\0');
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (length <= 0) return;
  path.resize(static_cast<std::size_t>(length));
  execv(path.c_str(), argv);  // Without it only a library's descriptor is lost.
}

}  // namespace bqcdc::base
