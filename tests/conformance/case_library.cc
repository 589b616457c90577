#include "tests/conformance/case_library.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "tests/conformance/text_lines.h"

namespace bqcdc::conformance {

absl::StatusOr<std::vector<Case>> LoadCases(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".case") paths.push_back(entry.path());
  }
  if (paths.empty()) return absl::NotFoundError(absl::StrCat("no case files in ", folder));
  std::sort(paths.begin(), paths.end());
  std::vector<Case> all;
  for (const auto& path : paths) {
    BQCDC_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path.string()));
    BQCDC_ASSIGN_OR_RETURN(std::vector<Case> cases, ParseCases(text, path.filename().string()));
    all.insert(all.end(), std::make_move_iterator(cases.begin()), std::make_move_iterator(cases.end()));
  }
  return all;
}

}  // namespace bqcdc::conformance
