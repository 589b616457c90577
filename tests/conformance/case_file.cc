#include "tests/conformance/case_file.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bqcdc::conformance {
namespace {

const std::set<std::string>& Verbs() {
  static const std::set<std::string> verbs = {"create",
                                              "connect",
                                              "append",
                                              "ok",
                                              "error",
                                              "row_error",
                                              "rows",
                                              "query",
                                              "sql",
                                              "advance",
                                              "apply",
                                              "remember_watermark",
                                              "same_watermark",
                                              "later_watermark",
                                              "stream",
                                              "finalize",
                                              "commit",
                                              "flush",
                                              "offset",
                                              "storage_error",
                                              "ended",
                                              "updated_schema",
                                              "schema",
                                              "rest",
                                              "hold",
                                              "field"};
  return verbs;
}

absl::Status ErrorAt(std::string_view file, int line, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(file), ":", line, ": ", what));
}

}  // namespace

absl::StatusOr<std::vector<Case>> ParseCases(std::string_view text, std::string_view file) {
  std::vector<Case> cases;
  int number = 0;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(std::string(text), '\n'))) {
    ++number;
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    const std::string content = line.substr(indent);
    const std::pair<std::string, std::string> words = absl::StrSplit(content, absl::MaxSplits(' ', 1));
    const auto& [verb, argument] = words;
    if (indent == 0) {
      if (verb != "case" || argument.empty()) return ErrorAt(file, number, "expected `case NAME`");
      cases.push_back(
          {.name = argument, .file = std::string(file), .point = {}, .skip = {}, .costly = {}, .steps = {}});
      continue;
    }
    if (cases.empty()) return ErrorAt(file, number, "a step before the first case");
    Case& current = cases.back();
    if (indent >= 4) {
      if (current.steps.empty()) return ErrorAt(file, number, "a row before the first step");
      current.steps.back().lines.push_back(content);
    } else if (verb == "unconfirmed") {
      current.point = argument;
    } else if (verb == "skip") {
      current.skip = argument;
    } else if (verb == "costly") {
      current.costly = argument;
    } else if (verb == "without_background_apply") {
      current.without_background_apply = true;
    } else if (Verbs().contains(verb)) {
      current.steps.push_back({.verb = verb, .argument = argument, .lines = {}, .line = number});
    } else {
      return ErrorAt(file, number, absl::StrCat("unknown step `", verb, "`"));
    }
  }
  return cases;
}

}  // namespace bqcdc::conformance
