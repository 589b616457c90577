// Runs every .test file of the folder given as argument.

#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>

#include "bqcdc/base/strings.h"
#include "tests/sql/sql_session.h"
#include "tests/sql/test_file.h"

namespace bqcdc::tests::sql {
namespace {

class FileTest : public testing::Test {
 public:
  explicit FileTest(std::string path) : path_(std::move(path)) {}

  void TestBody() override {
    SqlSession session;
    const std::vector<TestCase> cases = ReadTestFile(path_);
    ASSERT_FALSE(cases.empty()) << path_;
    for (const TestCase& test : cases) {
      SCOPED_TRACE(path_ + ":" + std::to_string(test.line) + "\n" + test.sql);
      if (test.kind == TestCase::Kind::kChanges) {
        // That it changes nothing shows in what the statement does afterwards.
        const auto dry = session.Run(test.sql, /*dry_run=*/true);
        ASSERT_TRUE(dry.ok()) << dry.status().message();
        EXPECT_EQ(PrintChanges(*dry), "nothing");
      }
      const auto outcome = session.Run(test.sql);
      if (test.kind == TestCase::Kind::kError) {
        ASSERT_EQ(test.expected.size(), 1U) << "an error needs one line";
        EXPECT_FALSE(outcome.ok()) << "no error";
        if (!outcome.ok()) {
          EXPECT_NE(std::string(outcome.status().message()).find(test.expected[0]), std::string::npos)
              << outcome.status().message();
        }
        continue;
      }
      ASSERT_TRUE(outcome.ok()) << outcome.status().message();
      if (test.kind == TestCase::Kind::kQuery) {
        EXPECT_EQ(PrintRows(*outcome), test.expected);
      }
      if (test.kind == TestCase::Kind::kChanges) {
        EXPECT_EQ(std::vector{PrintChanges(*outcome)}, test.expected);
      }
    }
  }

 private:
  const std::string path_;
};

}  // namespace
}  // namespace bqcdc::tests::sql

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: sql_test FOLDER\n";
    return 2;
  }
  for (const std::string& path : bqcdc::tests::sql::FindTestFiles(argv[1])) {
    testing::RegisterTest("Sql", std::filesystem::path(path).stem().c_str(), nullptr, nullptr, __FILE__,
                          __LINE__,
                          [path]() -> testing::Test* { return new bqcdc::tests::sql::FileTest(path); });
  }
  return RUN_ALL_TESTS();
}
