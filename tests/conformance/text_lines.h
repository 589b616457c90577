#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// What the files of cases and of points have in common: lines `WORD REST` under a line without indent that
// begins an entry; empty lines and those that begin with `#` say nothing.
namespace bqcdc::conformance {

struct TextLine {
  int number = 0;  // from 1
  size_t indent = 0;
  std::string content;  // without the indent
  std::string word, rest;
};

std::vector<TextLine> SplitTextLines(std::string_view text);

absl::StatusOr<std::string> ReadTextFile(const std::string& path);

// InvalidArgument: "FILE:LINE: WHAT".
absl::Status ErrorAt(std::string_view file, const TextLine& line, std::string_view what);

}  // namespace bqcdc::conformance
