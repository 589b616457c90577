#include "tests/oracle/killed_life.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/time/clock.h"

namespace bqcdc::oracle {
namespace {

// What the process tells of itself, a byte each; the text of a failure follows its byte.
constexpr char kDone = 'd', kFailed = 'f', kEnd = 'e';

void Tell(int pipe, const std::string& text) {
  if (write(pipe, text.data(), text.size()) < 0) _exit(1);
}

[[noreturn]] void TakeSteps(
    const std::function<absl::StatusOr<std::optional<std::string>>(size_t step)>& take_step, size_t steps,
    int pipe) {
  for (size_t step = 0; step < steps; ++step) {
    const absl::StatusOr<std::optional<std::string>> difference = take_step(step);
    if (!difference.ok() || difference->has_value()) {
      Tell(pipe, kFailed + (difference.ok() ? **difference : difference.status().ToString()));
      _exit(1);
    }
    Tell(pipe, std::string(1, kDone));
  }
  Tell(pipe, std::string(1, kEnd));
  for (;;) pause();
}

// False: nothing more comes.
bool Hear(int pipe, std::string& told) {
  char bytes[4096];
  ssize_t count;
  do {
    count = read(pipe, bytes, sizeof bytes);
  } while (count < 0 && errno == EINTR);
  if (count > 0) told.append(bytes, static_cast<size_t>(count));
  return count > 0;
}

}  // namespace

absl::StatusOr<KilledLife> RunAndKill(
    const std::function<absl::StatusOr<std::optional<std::string>>(size_t step)>& take_step, size_t steps,
    size_t at_least, absl::Duration delay) {
  int ends[2];
  if (pipe(ends) != 0) return absl::InternalError("no pipe");
  const pid_t child = fork();
  if (child == 0) TakeSteps(take_step, steps, ends[1]);
  close(ends[1]);
  if (child < 0) return absl::InternalError("no process");
  std::string told;
  while (told.size() < at_least && told.find_first_not_of(kDone) == told.npos && Hear(ends[0], told)) {
  }
  if (told.find(kFailed) == told.npos) {
    absl::SleepFor(delay);
    kill(child, SIGKILL);
  }
  while (Hear(ends[0], told)) {
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  KilledLife life;
  life.done = std::min(told.find_first_not_of(kDone), told.size());
  if (life.done < told.size() && told[life.done] == kFailed) life.failure = told.substr(life.done + 1);
  if (!life.failure && !WIFSIGNALED(status)) return absl::InternalError("the process ended by itself");
  if (!life.failure && WTERMSIG(status) != SIGKILL)
    life.failure = "the process ended by signal " + std::to_string(WTERMSIG(status));
  return life;
}

}  // namespace bqcdc::oracle
