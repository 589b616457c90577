#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/conformance/case_runner.h"
#include "tests/local_server/local_server.h"

// Runs the cases of tests/conformance/cases on an endpoint: a local server that it starts, or, with
// BQCDC_CONFORMANCE_PROJECT (and BQCDC_CONFORMANCE_TOKEN for REST, default credentials for gRPC), on the real
// service. BQCDC_CONFORMANCE_RECORD=FILE writes down what was answered.
namespace bqcdc::conformance {
namespace {

std::string FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

// One endpoint for all cases of a kind; started when the first needs it.
Endpoint& EndpointFor(bool without_background_apply) {
  static std::map<bool, std::unique_ptr<local_server::LocalServer>> servers;
  static std::map<bool, std::unique_ptr<Endpoint>> endpoints;
  std::unique_ptr<Endpoint>& endpoint = endpoints[without_background_apply];
  if (endpoint != nullptr) return *endpoint;
  EndpointAddresses addresses;
  if (const std::string project = FromEnvironment("BQCDC_CONFORMANCE_PROJECT"); !project.empty()) {
    addresses.rest = "https://bigquery.googleapis.com";
    addresses.storage = "bigquerystorage.googleapis.com:443";
    addresses.access_token = FromEnvironment("BQCDC_CONFORMANCE_TOKEN");
    addresses.project = project;
  } else {
    std::vector<std::string> flags = {"--project", "conformance", "--clock", "manual", "--admin"};
    if (without_background_apply) flags.push_back("--no-background-apply");
    auto server = local_server::LocalServer::Start(flags);
    if (!server.ok()) {
      std::cerr << server.status().message() << "\n";
      std::abort();
    }
    addresses.rest = (*server)->rest();
    addresses.storage = (*server)->storage();
    addresses.admin = (*server)->admin();
    servers[without_background_apply] = *std::move(server);
  }
  endpoint = std::make_unique<Endpoint>(addresses);
  auto created = endpoint->Query(absl::StrCat("CREATE SCHEMA IF NOT EXISTS ", addresses.dataset));
  if (!created.ok() || !created->error_reason.empty()) {
    std::cerr << "cannot create the dataset: " << (created.ok() ? created->error_message : "") << "\n";
  }
  return *endpoint;
}

std::ostream* Recorder() {
  static const std::string path = FromEnvironment("BQCDC_CONFORMANCE_RECORD");
  static std::ofstream file(path);
  return path.empty() ? nullptr : &file;
}

class ConformanceTest : public testing::Test {
 public:
  explicit ConformanceTest(Case test_case) : case_(std::move(test_case)) {}

  void TestBody() override {
    if (!case_.skip.empty()) GTEST_SKIP() << case_.skip;
    CaseRunner runner(EndpointFor(case_.without_background_apply), case_, Recorder());
    if (auto reason = runner.CannotRun()) GTEST_SKIP() << *reason;
    const auto difference = runner.Run();
    EXPECT_FALSE(difference.has_value())
        << *difference << (case_.unconfirmed.empty() ? "" : "\n(unconfirmed: " + case_.unconfirmed + ")");
  }

 private:
  const Case case_;
};

std::vector<Case> LoadCases() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(BQCDC_CONFORMANCE_CASES))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Case> all;
  for (const auto& path : files) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    auto cases = ParseCases(text.str(), path.filename().string());
    if (!cases.ok()) {
      std::cerr << cases.status().message() << "\n";
      std::exit(1);
    }
    all.insert(all.end(), cases->begin(), cases->end());
  }
  return all;
}

}  // namespace
}  // namespace bqcdc::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (const auto& test_case : bqcdc::conformance::LoadCases()) {
    testing::RegisterTest(
        "Conformance", test_case.name.c_str(), nullptr, nullptr, test_case.file.c_str(), 1,
        [test_case]() -> testing::Test* { return new bqcdc::conformance::ConformanceTest(test_case); });
  }
  return RUN_ALL_TESTS();
}
