#include "tests/end_to_end/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace bqcdc::end_to_end {
namespace {

constexpr absl::Duration kEndLimit = absl::Seconds(60);

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::string FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::abort();  // A machine without loopback runs none of these tests.
  }
  close(fd);
  return std::to_string(ntohs(address.sin_port));
}

std::string ProgramPath(const std::string& name) { return absl::StrCat(BQCDC_BINARY_DIRECTORY, "/", name); }

Program::Program(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
                 std::string directory) {
  static std::atomic<int> count = 0;
  signal(SIGPIPE, SIG_IGN);  // A program that has ended is seen by Wait().
  const int number = count++;
  out_path_ = absl::StrCat(directory, "/.out.", getpid(), ".", number);
  err_path_ = absl::StrCat(directory, "/.err.", getpid(), ".", number);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  std::vector<std::string> variables = {"PATH=/usr/bin:/bin", "HOME=" + directory};
  // What a sanitizer looks for is the build's choice (CMakePresets.json), not the scenario's.
  if (const char* options = getenv("ASAN_OPTIONS"))
    variables.push_back(absl::StrCat("ASAN_OPTIONS=", options));
  for (const auto& [name, value] : environment) variables.push_back(absl::StrCat(name, "=", value));
  std::vector<char*> argv, envp;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  for (std::string& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data()) != 0) pid_ = -1;
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  input_ = ends[1];
}

Program::~Program() {
  CloseInput();
  if (!Running()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Program::Write(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = write(input_, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) return;  // It has ended; Wait() tells how.
    if (count > 0) done += static_cast<std::size_t>(count);
  }
}

void Program::CloseInput() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

void Program::Signal(int number) {
  if (Running()) kill(pid_, number);
}

bool Program::Running() {
  int status = 0;
  rusage usage = {};
  if (!status_.has_value() && pid_ > 0 && wait4(pid_, &status, WNOHANG, &usage) == pid_) {
    status_ = status;
    peak_kib_ = usage.ru_maxrss;
  }
  return pid_ > 0 && !status_.has_value();
}

std::string Program::ReadErrorSoFar() const { return ReadFile(err_path_); }

ProgramResult Program::Wait() {
  CloseInput();
  ProgramResult result;
  const absl::Time deadline = absl::Now() + kEndLimit;
  while (Running()) {
    if (absl::Now() > deadline) kill(pid_, SIGKILL);
    absl::SleepFor(absl::Milliseconds(5));
  }
  const int status = status_.value_or(0);
  if (pid_ > 0) result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  result.peak_kib = peak_kib_;
  result.out = ReadFile(out_path_);
  result.err = ReadFile(err_path_);
  unlink(out_path_.c_str());
  unlink(err_path_.c_str());
  return result;
}

ProgramResult RunProgram(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
                         const std::string& directory, const std::string& input) {
  Program program(std::move(arguments), std::move(environment), directory);
  program.Write(input);
  return program.Wait();
}

}  // namespace bqcdc::end_to_end
