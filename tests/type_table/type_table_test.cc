#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/type_table/type_table.h"

namespace {

const char* page_path = nullptr;

TEST(TypeTable, PageIsCurrent) {
  const std::string page = bqcdc::tests::TypeTablePage();
  if (const char* update = std::getenv("BQCDC_UPDATE"); update != nullptr && *update != '\0') {
    std::ofstream(page_path) << page;
  }
  std::ostringstream kept;
  kept << std::ifstream(page_path).rdbuf();
  EXPECT_EQ(kept.str(), page) << page_path << " is stale: BQCDC_UPDATE=1 ctest -R type_table writes it";
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: type_table_test PAGE\n";
    return 2;
  }
  page_path = argv[1];
  return RUN_ALL_TESTS();
}
