#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"

namespace bqcdc::cli {

// Only for --help: main() hands the arguments over before anything is parsed.
void AddServeCommand(CLI::App& app) {
  app.add_subcommand("serve", "Run the local BigQuery (\"bqcdc serve --help\" tells its flags)")
      ->prefix_command();
}

int RunServe(int argc, char** argv) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string program = (self.parent_path() / "bqcdc-serve").string();
  std::vector<char*> arguments;
  std::string name = program;
  arguments.push_back(name.data());
  for (int i = 2; i < argc; ++i) arguments.push_back(argv[i]);
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  std::fprintf(stderr, "bqcdc: cannot run %s: %s; it is installed beside bqcdc\n", program.c_str(),
               std::strerror(errno));
  return kFailed;
}

}  // namespace bqcdc::cli
