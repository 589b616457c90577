#include "bqcdc/pipeline/rotated_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace bqcdc::pipeline {
namespace {

constexpr const char* kCompressed[] = {".gz", ".xz", ".zst", ".bz2", ".lz4"};

std::filesystem::path DirectoryOf(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

std::vector<std::string> FilesBeside(const std::string& path) {
  std::vector<std::string> files;
  std::error_code error;
  const bool bare = std::filesystem::path(path).parent_path().empty();
  for (std::filesystem::directory_iterator entry(DirectoryOf(path), error), end; !error && entry != end;
       entry.increment(error)) {
    files.push_back(bare ? entry->path().filename().string() : entry->path().string());
  }
  return files;
}

bool EndsLikeARotation(const std::string& suffix) {
  return suffix.size() > 1 && (suffix[0] == '.' || suffix[0] == '-') &&
         suffix.find_first_of("0123456789") != std::string::npos &&
         suffix.find_first_not_of("0123456789.-_:TZ") == std::string::npos;
}

}  // namespace

std::optional<std::string> FindByNumber(const std::string& path, const FileNumber& number) {
  for (const std::string& file : FilesBeside(path)) {
    struct stat facts = {};
    if (stat(file.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
        FileNumber(facts.st_dev, facts.st_ino) == number) {
      return file;
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<std::string>> RotatedSince(const std::string& path, absl::Time since,
                                                      const std::vector<FileNumber>& known) {
  std::vector<std::pair<absl::Time, std::string>> found;
  const std::string own = std::filesystem::path(path).filename().string();
  for (const std::string& file : FilesBeside(path)) {
    std::string name = std::filesystem::path(file).filename().string();
    if (!absl::StartsWith(name, own)) continue;
    bool compressed = false;
    for (const char* ending : kCompressed) {
      if (!absl::EndsWith(name, ending)) continue;
      compressed = true;
      name.resize(name.size() - std::string(ending).size());
      break;
    }
    if (name.size() <= own.size() || !EndsLikeARotation(name.substr(own.size()))) continue;
    struct stat facts = {};
    if (stat(file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
    const absl::Time written = absl::TimeFromTimespec(facts.st_mtim);
    const FileNumber number(facts.st_dev, facts.st_ino);
    if (written < since || std::find(known.begin(), known.end(), number) != known.end()) continue;
    if (compressed) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " was rotated more than once, and ", file,
                       ", whose lines come next, is compressed; uncompress it and start again"));
    }
    found.emplace_back(written, file);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> files;
  for (auto& [written, file] : found) files.push_back(std::move(file));
  return files;
}

}  // namespace bqcdc::pipeline
