// docs/reference/googlesql.md is what the code says, and what the page says is what the server does.

#include "bqcdc/emulator/sql/reference/reference_page.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/sql/sql_session.h"

namespace bqcdc::tests::sql {
namespace {

std::string* page_path = nullptr;

TEST(SqlReferenceTest, PageIsFresh) {
  const std::string page = emulator::sql::ReferencePage();
  if (const char* update = std::getenv("BQCDC_UPDATE"); update != nullptr && *update != '\0') {
    std::ofstream(*page_path) << page;
  }
  std::ostringstream found;
  found << std::ifstream(*page_path).rdbuf();
  EXPECT_EQ(found.str(), page) << *page_path << " is stale: BQCDC_UPDATE=1 ctest -R sql_reference writes it";
}

TEST(SqlReferenceTest, ExamplesDoWhatThePageSays) {
  SqlSession session;
  for (const emulator::sql::ReferenceSection& section : emulator::sql::ReferenceSections()) {
    for (const emulator::sql::ReferenceForm& form : section.forms) {
      const auto outcome = session.Run(form.example);
      if (!section.refused) {
        EXPECT_TRUE(outcome.ok()) << form.example << "\n" << outcome.status().message();
        continue;
      }
      ASSERT_FALSE(outcome.ok()) << form.example;
      EXPECT_NE(std::string(outcome.status().message()).find("Not supported by this server: "),
                std::string::npos)
          << form.example << "\n"
          << outcome.status().message();
    }
  }
}

}  // namespace
}  // namespace bqcdc::tests::sql

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: sql_reference_test PAGE\n";
    return 2;
  }
  bqcdc::tests::sql::page_path = new std::string(argv[1]);
  return RUN_ALL_TESTS();
}
