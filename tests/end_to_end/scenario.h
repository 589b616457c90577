#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/end_to_end/program.h"
#include "tests/local_server/local_server.h"

namespace bqcdc::end_to_end {

// A directory, a local server and `bqcdc` pointed at it.
class Scenario : public ::testing::Test {
 protected:
  Scenario();
  ~Scenario() override;

  // Started on demand, with a manual clock and administration.
  local_server::LocalServer& server();

  // Writes a file into the directory and returns its name.
  std::string File(const std::string& name, const std::string& text) const;
  std::string ReadFile(const std::string& name) const;

  // Runs bqcdc with these arguments.
  ProgramResult Run(std::vector<std::string> arguments, const std::string& input = "");
  std::unique_ptr<Program> Start(std::vector<std::string> arguments);
  // The same; anything but exit code 0 fails the test.
  ProgramResult RunOk(std::vector<std::string> arguments, const std::string& input = "");
  // Rows of a query as CSV lines without the header.
  std::vector<std::string> Query(const std::string& sql);
  // A table d.t (id INT64, name STRING), key id.
  void CreateTable();

  const std::string& directory() const { return directory_; }
  std::map<std::string, std::string> environment_;  // of bqcdc, filled when the server starts

 private:
  std::string directory_;
  std::unique_ptr<local_server::LocalServer> server_;
};

}  // namespace bqcdc::end_to_end
