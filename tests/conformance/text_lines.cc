#include "tests/conformance/text_lines.h"

#include <fstream>
#include <sstream>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bqcdc::conformance {

std::vector<TextLine> SplitTextLines(std::string_view text) {
  std::vector<TextLine> lines;
  int number = 0;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(std::string(text), '\n'))) {
    ++number;
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    TextLine& added = lines.emplace_back();
    added.number = number;
    added.indent = indent;
    added.content = line.substr(indent);
    std::tie(added.word, added.rest) =
        std::pair<std::string, std::string>(absl::StrSplit(added.content, absl::MaxSplits(' ', 1)));
  }
  return lines;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot open ", path));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::Status ErrorAt(std::string_view file, const TextLine& line, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(file), ":", line.number, ": ", std::string(what)));
}

}  // namespace bqcdc::conformance
