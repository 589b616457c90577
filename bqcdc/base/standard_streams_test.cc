#include "bqcdc/base/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace bqcdc::base {
namespace {

bool GivesBadDescriptor(ssize_t result) { return result == -1 && errno == EBADF; }

// In a process of its own: 0 = as it should be.
int WithAllClosed() {
  for (int fd = 0; fd <= 2; ++fd) close(fd);
  if (open("/dev/null", O_RDWR | O_CLOEXEC) != 0) return 5;  // as a library's initializer does
  if (!OccupyClosedStandardStreams()) return 6;
  char byte = 'x';
  if (!GivesBadDescriptor(read(0, &byte, 1))) return 1;
  if (!GivesBadDescriptor(write(1, &byte, 1))) return 2;
  if (!GivesBadDescriptor(write(2, &byte, 1))) return 3;
  return open("/dev/null", O_RDWR) > 2 ? 0 : 4;
}

int WithOnlyOutputClosed() {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0 || dup2(pipe_ends[0], 0) != 0 || write(pipe_ends[1], "y", 1) != 1) return 1;
  close(1);
  if (!OccupyClosedStandardStreams()) return 4;
  char byte = 'x';
  if (read(0, &byte, 1) != 1 || byte != 'y') return 2;  // stays what it was
  return GivesBadDescriptor(write(1, &byte, 1)) ? 0 : 3;
}

int WithNoneClosed() { return OccupyClosedStandardStreams() ? 1 : 0; }

int ExitCodeOf(int (*run)()) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StandardStreamsTest, ClosedOnesAreNotGivenToTheNextFile) { EXPECT_EQ(ExitCodeOf(WithAllClosed), 0); }

TEST(StandardStreamsTest, OpenOnesStay) {
  EXPECT_EQ(ExitCodeOf(WithOnlyOutputClosed), 0);
  EXPECT_EQ(ExitCodeOf(WithNoneClosed), 0);
}

}  // namespace
}  // namespace bqcdc::base
