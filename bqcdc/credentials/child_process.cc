#include "bqcdc/credentials/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

#include "absl/strings/str_cat.h"

extern char** environ;

namespace bqcdc::credentials {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kEndPoll(5);

std::vector<std::string> EnvironmentWith(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (variables.count(std::string(text.substr(0, text.find('=')))) == 0) all.emplace_back(text);
  }
  for (const auto& [name, value] : variables) all.push_back(absl::StrCat(name, "=", value));
  return all;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// 0 or errno. In a process group of its own, so that its children can be killed with it.
int Spawn(const std::vector<std::string>& command, const std::vector<std::string>& environment, int output,
          pid_t* pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, ignored_by_us;
  sigemptyset(&none);
  sigemptyset(&ignored_by_us);
  sigaddset(&ignored_by_us, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &ignored_by_us);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(pid, command.front().c_str(), &actions, &attributes,
                                 Pointers(command).data(), Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Until the end of the output; "" or what went wrong.
std::string ReadOutput(int descriptor, Steady::time_point deadline, std::size_t bytes_max,
                       std::string* output) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now()).count();
    pollfd waiting = {descriptor, POLLIN, 0};
    const int ready = left <= 0 ? 0 : poll(&waiting, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return "did not end in time";
    char buffer[4096];
    const ssize_t count = read(descriptor, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return "";
    output->append(buffer, static_cast<std::size_t>(count));
    if (output->size() > bytes_max)
      return absl::StrCat("writes more than the limit of ", bytes_max, " bytes");
  }
}

// It may have closed its output and run on. "" or what went wrong.
std::string AwaitEnd(pid_t pid, Steady::time_point deadline) {
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) break;
    if (ended < 0 && errno != EINTR) return absl::StrCat("cannot be waited for: ", std::strerror(errno));
    if (Steady::now() >= deadline) {
      kill(-pid, SIGKILL);
      waitpid(pid, nullptr, 0);
      return "did not end in time";
    }
    std::this_thread::sleep_for(kEndPoll);
  }
  if (WIFSIGNALED(status)) return absl::StrCat("was ended by signal ", WTERMSIG(status));
  return WEXITSTATUS(status) == 0 ? "" : absl::StrCat("ended with exit code ", WEXITSTATUS(status));
}

}  // namespace

ChildOutcome RunChild(const std::vector<std::string>& command,
                      const std::map<std::string, std::string>& variables, absl::Duration timeout,
                      std::size_t output_bytes_max) {
  ChildOutcome outcome;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    outcome.fault = absl::StrCat("cannot be run: ", std::strerror(errno));
    return outcome;
  }
  pid_t pid = -1;
  const int error = Spawn(command, EnvironmentWith(variables), ends[1], &pid);
  close(ends[1]);
  if (error != 0) {
    outcome.fault = absl::StrCat("cannot be run: ", std::strerror(error));
  } else {
    const auto deadline = Steady::now() + absl::ToChronoMilliseconds(timeout);
    outcome.fault = ReadOutput(ends[0], deadline, output_bytes_max, &outcome.output);
    if (outcome.fault.empty()) {
      outcome.fault = AwaitEnd(pid, deadline);
    } else {
      kill(-pid, SIGKILL);
      waitpid(pid, nullptr, 0);
      if (outcome.fault == "did not end in time") {
        absl::StrAppend(&outcome.fault, " (", absl::FormatDuration(timeout),
                        ", timeout_millis) and was killed");
      }
    }
  }
  close(ends[0]);
  return outcome;
}

}  // namespace bqcdc::credentials
