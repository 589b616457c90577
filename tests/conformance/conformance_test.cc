#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/conformance/case_library.h"
#include "tests/conformance/case_runner.h"
#include "tests/local_server/local_server.h"

// Runs the cases of tests/conformance/cases on local servers. For other endpoints there is `conformance`.
namespace bqcdc::conformance {
namespace {

// One server for all cases of a kind; started when the first needs it.
Endpoint& EndpointFor(bool without_background_apply) {
  static std::map<bool, std::unique_ptr<local_server::LocalServer>> servers;
  static std::map<bool, std::unique_ptr<Endpoint>> endpoints;
  std::unique_ptr<Endpoint>& endpoint = endpoints[without_background_apply];
  if (endpoint != nullptr) return *endpoint;
  std::vector<std::string> flags = {"--project", "conformance", "--clock", "manual", "--admin"};
  if (without_background_apply) flags.push_back("--no-background-apply");
  auto server = local_server::LocalServer::Start(flags);
  if (!server.ok()) {
    std::cerr << server.status().message() << "\n";
    std::abort();
  }
  EndpointAddresses addresses;
  addresses.rest = (*server)->rest();
  addresses.storage_target = (*server)->storage();
  addresses.admin = (*server)->admin();
  servers[without_background_apply] = *std::move(server);
  endpoint = std::make_unique<Endpoint>(addresses);
  auto created = endpoint->Query(absl::StrCat("CREATE SCHEMA IF NOT EXISTS ", addresses.dataset));
  if (!created.ok() || !created->error_reason.empty()) {
    std::cerr << "cannot create the dataset: " << (created.ok() ? created->error_message : "") << "\n";
  }
  return *endpoint;
}

class ConformanceTest : public testing::Test {
 public:
  explicit ConformanceTest(Case test_case) : case_(std::move(test_case)) {}

  void TestBody() override {
    if (!case_.skip.empty()) GTEST_SKIP() << case_.skip;
    CaseRunner runner(EndpointFor(case_.without_background_apply), case_, /*recording=*/nullptr);
    if (auto reason = runner.CannotRun()) GTEST_SKIP() << *reason;
    const auto difference = runner.Run();
    EXPECT_FALSE(difference.has_value())
        << *difference << (case_.unconfirmed.empty() ? "" : "\n(unconfirmed: " + case_.unconfirmed + ")");
  }

 private:
  const Case case_;
};

}  // namespace
}  // namespace bqcdc::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto cases = bqcdc::conformance::LoadCases(BQCDC_CONFORMANCE_CASES);
  if (!cases.ok()) {
    std::cerr << cases.status().message() << "\n";
    return 1;
  }
  for (const auto& test_case : *cases) {
    testing::RegisterTest(
        "Conformance", test_case.name.c_str(), nullptr, nullptr, test_case.file.c_str(), 1,
        [test_case]() -> testing::Test* { return new bqcdc::conformance::ConformanceTest(test_case); });
  }
  return RUN_ALL_TESTS();
}
