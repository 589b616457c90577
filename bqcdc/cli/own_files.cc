#include "bqcdc/cli/own_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "bqcdc/cli/session.h"

namespace bqcdc::cli {
namespace {

std::optional<struct stat> Facts(const std::string& path) {
  struct stat facts = {};
  const int result = path == "-" ? fstat(STDIN_FILENO, &facts) : stat(path.c_str(), &facts);
  return result == 0 ? std::optional(facts) : std::nullopt;
}

bool AreOne(const std::string& written, const std::string& other) {
  const auto a = Facts(written == "-" ? "./-" : written), b = Facts(other);
  if (a.has_value() != b.has_value()) return false;
  if (a.has_value()) return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
  std::error_code ignored;
  return std::filesystem::weakly_canonical(written, ignored) ==
         std::filesystem::weakly_canonical(other, ignored);
}

}  // namespace

absl::Status CheckOwnFiles(const std::vector<OwnFile>& own, const std::vector<std::string>& inputs) {
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i].path.empty()) continue;
    for (const std::string& input : inputs) {
      if (AreOne(own[i].path, input))
        return WrongUsage(absl::StrCat(own[i].flag, " ", own[i].path, " is the input ", input,
                                       " itself; give another name"));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (!own[j].path.empty() && AreOne(own[i].path, own[j].path == "-" ? "./-" : own[j].path))
        return WrongUsage(absl::StrCat(own[i].flag, " and ", own[j].flag, " are both ", own[i].path,
                                       "; give another name"));
    }
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::cli
