#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/conformance/case_library.h"
#include "tests/conformance/case_runner.h"
#include "tests/conformance/local_endpoints.h"

// Runs the cases of tests/conformance/cases on local servers. For other endpoints there is `conformance`.
namespace bqcdc::conformance {
namespace {

class ConformanceTest : public testing::Test {
 public:
  // `endpoints` must outlive the test.
  ConformanceTest(Case test_case, LocalEndpoints& endpoints)
      : case_(std::move(test_case)), endpoints_(endpoints) {}

  void TestBody() override {
    if (!case_.skip.empty()) GTEST_SKIP() << case_.skip;
    const auto endpoint = endpoints_.For(case_);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    CaseRunner runner(**endpoint, case_, /*recording=*/nullptr);
    if (auto reason = runner.CannotRun()) GTEST_SKIP() << *reason;
    const auto difference = runner.Run();
    EXPECT_FALSE(difference.has_value())
        << *difference << (case_.point.empty() ? "" : "\n(unconfirmed: " + case_.point + ")");
  }

 private:
  const Case case_;
  LocalEndpoints& endpoints_;
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
  bqcdc::conformance::LocalEndpoints endpoints;  // Its servers end with it.
  for (const auto& test_case : *cases) {
    testing::RegisterTest("Conformance", test_case.name.c_str(), nullptr, nullptr, test_case.file.c_str(), 1,
                          [test_case, &endpoints]() -> testing::Test* {
                            return new bqcdc::conformance::ConformanceTest(test_case, endpoints);
                          });
  }
  return RUN_ALL_TESTS();
}
