#include "tests/sql/test_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace bqcdc::tests::sql {

std::vector<TestCase> ReadTestFile(const std::string& path) {
  std::ifstream file(path);
  std::vector<TestCase> cases;
  std::string line;
  bool expecting = false;
  bool open = false;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty()) {
      open = false;
      continue;
    }
    if (!open) {
      if (line[0] == '#') continue;
      TestCase test;
      test.line = number;
      test.kind = line == "query"     ? TestCase::Kind::kQuery
                  : line == "changes" ? TestCase::Kind::kChanges
                  : line == "error"   ? TestCase::Kind::kError
                                      : TestCase::Kind::kStatement;
      cases.push_back(test);
      open = true;
      expecting = false;
      continue;
    }
    if (line == "----") {
      expecting = true;
    } else if (expecting) {
      cases.back().expected.push_back(line);
    } else {
      cases.back().sql += (cases.back().sql.empty() ? "" : "\n") + line;
    }
  }
  return cases;
}

std::vector<std::string> FindTestFiles(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".test") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace bqcdc::tests::sql
