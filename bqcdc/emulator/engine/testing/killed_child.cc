#include "bqcdc/emulator/engine/testing/killed_child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace bqcdc::emulator::engine::testing {
namespace {

constexpr char kDirectoryVariable[] = "BQCDC_FAILPOINT_DIRECTORY";
constexpr int kKilled = 137;  // as base::HitFailpoint() ends a process

}  // namespace

std::string KillName(const Kill& kill) {
  std::string name(base::FailpointName(kill.point));
  std::replace(name.begin(), name.end(), '-', '_');
  return absl::StrCat(name, "_", kill.visit);
}

bool RunUntilKilled(const Kill& kill, const std::string& child_test, const std::string& directory) {
  const std::string wanted = absl::StrCat(std::string(base::FailpointName(kill.point)), ":", kill.visit);
  const std::string filter = absl::StrCat("--gtest_filter=", child_test);
  const pid_t child = fork();
  if (child == 0) {
    setenv("BQCDC_FAILPOINT", wanted.c_str(), 1);
    setenv(kDirectoryVariable, directory.c_str(), 1);
    execl("/proc/self/exe", "killed_child", filter.c_str(), "--gtest_also_run_disabled_tests", nullptr);
    _exit(1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == kKilled;
}

const char* KilledChildDirectory() { return std::getenv(kDirectoryVariable); }

}  // namespace bqcdc::emulator::engine::testing
