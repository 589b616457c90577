#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bqcdc::end_to_end {

// How a program ended and what it said.
struct ProgramResult {
  int exit_code = -1;  // 128 + signal where a signal ended it
  std::string out;
  std::string err;
  std::int64_t peak_kib = 0;  // of resident memory
};

// `bqcdc` as a person runs it: a process of its own with arguments, variables and standard input. The
// environment holds PATH and what is given, nothing else, so that no credentials of the machine are met.
class Program {
 public:
  Program(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
          std::string directory);
  ~Program();  // Kills it if it runs still.
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Writes to its standard input; CloseInput() ends it.
  void Write(const std::string& text);
  void CloseInput();
  void Signal(int number);
  // Closes the input, waits for the end (60 s at most, then it is killed).
  ProgramResult Wait();
  pid_t pid() const { return pid_; }
  // Whether it has not ended yet.
  bool Running();
  std::string ReadErrorSoFar() const;

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;  // as of waitpid, once it has ended
  std::int64_t peak_kib_ = 0;
  int input_ = -1;
  std::string out_path_, err_path_;
};

// Runs it to its end with this input.
ProgramResult RunProgram(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
                         const std::string& directory, const std::string& input = "");

// A port of loopback that was free a moment ago, for a server that must come back at the same one.
std::string FreePort();

// Path of a program of this build: "bqcdc", "bqcdc-serve".
std::string ProgramPath(const std::string& name);

}  // namespace bqcdc::end_to_end
