#pragma once

#include <functional>
#include <string>

#include "bqcdc/session/session.h"

namespace CLI {
class App;
}

namespace bqcdc::cli {

// Flags that every command takes.
struct CommonFlags : session::SessionOptions {
  std::string log_level;  // empty = info, without the lines about the work
  bool verbose = false;
  std::string log_format = "text";
};

// What was chosen on the command line; returns the exit code.
using Action = std::function<int()>;

// Each adds one command to `app`. `common` is filled, and `*action` set, while the command line is parsed;
// both outlive the parsing.
void AddServeCommand(CLI::App& app);
void AddCreateTableCommand(CLI::App& app, const CommonFlags& common, Action* action);
void AddStreamCommand(CLI::App& app, const CommonFlags& common, Action* action);
void AddQueryCommand(CLI::App& app, const CommonFlags& common, Action* action);
void AddSetStalenessCommand(CLI::App& app, const CommonFlags& common, Action* action);
void AddStatusCommand(CLI::App& app, const CommonFlags& common, Action* action);
void AddCheckCommand(CLI::App& app, const CommonFlags& common, Action* action);
void AddDeadLetterCommand(CLI::App& app, const CommonFlags& common, Action* action);
void AddBenchCommand(CLI::App& app, const CommonFlags& common, Action* action);
void AddAdminCommand(CLI::App& app, const CommonFlags& common, Action* action);

// Replaces this process by the sibling program bqcdc-serve, with the arguments behind "serve". Returns only
// on failure.
int RunServe(int argc, char** argv);

}  // namespace bqcdc::cli
