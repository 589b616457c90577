#include "bqcdc/base/testing/temporary_directory.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace bqcdc::base {

TemporaryDirectory::TemporaryDirectory() {
  path_ = (std::filesystem::temp_directory_path() / "bqcdc-XXXXXX").string();
  if (mkdtemp(path_.data()) != nullptr) return;
  std::perror("mkdtemp");
  std::abort();
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace bqcdc::base
