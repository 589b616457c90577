#include "tests/end_to_end/scenario.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bqcdc::end_to_end {

Scenario::Scenario() {
  std::string pattern = (std::filesystem::temp_directory_path() / "end-to-end-XXXXXX").string();
  directory_ = mkdtemp(pattern.data());
}

Scenario::~Scenario() {
  server_.reset();
  std::filesystem::remove_all(directory_);
}

local_server::LocalServer& Scenario::server() {
  if (server_ == nullptr) {
    auto started = local_server::LocalServer::Start({"--project", "p", "--clock", "manual", "--admin"});
    if (!started.ok()) throw std::runtime_error(std::string(started.status().message()));  // Fails the test.
    server_ = *std::move(started);
    environment_["BIGQUERY_EMULATOR_HOST"] = server_->rest();
    environment_["GOOGLE_CLOUD_PROJECT"] = "p";
  }
  return *server_;
}

std::string Scenario::File(const std::string& name, const std::string& text) const {
  std::ofstream(directory_ + "/" + name, std::ios::binary) << text;
  return name;
}

std::string Scenario::ReadFile(const std::string& name) const {
  std::ifstream file(directory_ + "/" + name, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::unique_ptr<Program> Scenario::Start(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), ProgramPath("bqcdc"));
  return std::make_unique<Program>(std::move(arguments), environment_, directory_);
}

ProgramResult Scenario::Run(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(), ProgramPath("bqcdc"));
  return RunProgram(std::move(arguments), environment_, directory_, input);
}

ProgramResult Scenario::RunOk(std::vector<std::string> arguments, const std::string& input) {
  const std::string command = absl::StrCat("bqcdc ", arguments.empty() ? "" : arguments.front());
  ProgramResult result = Run(std::move(arguments), input);
  EXPECT_EQ(result.exit_code, 0) << command << "\n" << result.err;
  return result;
}

std::vector<std::string> Scenario::Query(const std::string& sql) {
  std::vector<std::string> lines =
      absl::StrSplit(RunOk({"query", sql, "--format", "csv"}).out, '\n', absl::SkipEmpty());
  if (!lines.empty()) lines.erase(lines.begin());
  return lines;
}

void Scenario::CreateTable() {
  server();
  RunOk({"create-table", "d.t", "--schema", "id:INT64,name:STRING", "--primary-key", "id"});
}

}  // namespace bqcdc::end_to_end
