#include "tests/local_server/local_server.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

extern char** environ;

namespace bqcdc::local_server {
namespace {

constexpr absl::Duration kReadyLimit = absl::Seconds(120);

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// posix_spawn, so that a test of many threads may start servers; the output goes to `log`.
absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& arguments, const std::string& log) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return absl::InternalError(absl::StrCat("cannot start ", arguments[0], ": ", strerror(error)));
  return pid;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LocalServer>> LocalServer::Start(std::vector<std::string> flags) {
  std::string pattern = (std::filesystem::temp_directory_path() / "bqcdc-server-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return absl::InternalError("cannot make a temporary directory");
  std::unique_ptr<LocalServer> server(new LocalServer);
  server->directory_ = pattern;
  const std::string endpoints_file = absl::StrCat(pattern, "/endpoints.json"),
                    log = absl::StrCat(pattern, "/log");
  std::vector<std::string> arguments = {BQCDC_SERVE_PATH,   "--http-port", "0", "--grpc-port", "0",
                                        "--endpoints-file", endpoints_file};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  auto pid = Spawn(arguments, log);
  if (!pid.ok()) return pid.status();
  server->pid_ = *pid;
  for (const absl::Time deadline = absl::Now() + kReadyLimit; absl::Now() < deadline;) {
    const auto endpoints =
        nlohmann::json::parse(ReadFile(endpoints_file), nullptr, /*allow_exceptions=*/false);
    if (endpoints.is_object()) {
      const auto text = [&](const char* key) {
        return endpoints.contains(key) && endpoints[key].is_string() ? endpoints[key].get<std::string>() : "";
      };
      server->rest_ = text("rest");
      server->storage_ = text("storage");
      server->admin_ = text("admin");
      return server;
    }
    if (waitpid(server->pid_, nullptr, WNOHANG) == server->pid_) {
      server->pid_ = -1;
      return absl::FailedPreconditionError(absl::StrCat("the server ended: ", ReadFile(log)));
    }
    absl::SleepFor(absl::Milliseconds(5));
  }
  return absl::DeadlineExceededError(absl::StrCat("the server did not become ready: ", ReadFile(log)));
}

LocalServer::~LocalServer() {
  if (pid_ > 0) Terminate();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void LocalServer::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int LocalServer::Terminate() {
  if (pid_ <= 0) return -1;
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace bqcdc::local_server
