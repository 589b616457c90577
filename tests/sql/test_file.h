#pragma once

#include <string>
#include <vector>

// The cases of a .test file; README.md has the format.
namespace bqcdc::tests::sql {

struct TestCase {
  enum class Kind { kStatement, kQuery, kChanges, kError } kind = Kind::kStatement;
  int line = 0;  // of the case's first line in its file
  std::string sql;
  std::vector<std::string> expected;  // lines below ----
};

// An empty result means that the file cannot be read.
std::vector<TestCase> ReadTestFile(const std::string& path);
// Paths of all .test files in `folder`, sorted.
std::vector<std::string> FindTestFiles(const std::string& folder);

}  // namespace bqcdc::tests::sql
