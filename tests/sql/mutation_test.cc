// Random mutations of the statements of the .test files: no crash, and never a text of the engine's own
// parser.

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "tests/sql/sql_session.h"
#include "tests/sql/test_file.h"

namespace bqcdc::tests::sql {
namespace {

constexpr int kMutationsMax = 3000;
std::string* folder = nullptr;

std::string Mutate(const std::vector<std::string>& pool, std::mt19937& random) {
  const auto any = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  std::string text = pool[any(pool.size())];
  const std::string& other = pool[any(pool.size())];
  const int steps = 1 + static_cast<int>(any(3));
  for (int i = 0; i < steps && !text.empty(); ++i) {
    const size_t from = any(text.size());
    const size_t length = 1 + any(std::min<size_t>(12, text.size() - from));
    switch (any(4)) {
      case 0:
        text.erase(from, length);
        break;
      case 1:
        text.insert(any(text.size()), text.substr(from, length));
        break;
      case 2:
        text[from] = "()'\",.;*+-=<>@?`[] 0aN"[any(22)];
        break;
      default: {
        const size_t begin = any(other.size());
        text.insert(from, other.substr(begin, 1 + any(20)));
      }
    }
  }
  return text;
}

TEST(SqlMutationTest, NothingCrashesAndNoForeignTextShows) {
  std::vector<std::string> pool;
  for (const std::string& path : FindTestFiles(*folder)) {
    for (const TestCase& test : ReadTestFile(path)) {
      if (!test.sql.empty()) pool.push_back(test.sql);
    }
  }
  ASSERT_FALSE(pool.empty());
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  SqlSession session;
  int accepted = 0;
  for (int i = 0; i < kMutationsMax; ++i) {
    const std::string text = Mutate(pool, random);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", mutation " + std::to_string(i) + "\n" + text);
    const auto outcome = session.Run(text);
    if (outcome.ok()) {
      ++accepted;
      continue;
    }
    const std::string message(outcome.status().message());
    for (const char* foreign : {"Parser Error", "Binder Error", "Catalog Error", "duckdb", "DuckDB", "bq_",
                                "struct_extract", "LINE 1", "[[bqcdc]]", "Candidate", "store:"}) {
      // What the statement itself says may come back.
      if (text.find(foreign) != std::string::npos) continue;
      EXPECT_EQ(message.find(foreign), std::string::npos) << message;
    }
  }
  std::cout << "seed " << seed << ": " << accepted << " of " << kMutationsMax << " mutations were accepted\n";
}

}  // namespace
}  // namespace bqcdc::tests::sql

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: sql_mutation_test FOLDER\n";
    return 2;
  }
  bqcdc::tests::sql::folder = new std::string(argv[1]);
  return RUN_ALL_TESTS();
}
