#include "tests/conformance/case_file.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "tests/conformance/text_lines.h"

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

}  // namespace

absl::StatusOr<std::vector<Case>> ParseCases(std::string_view text, std::string_view file) {
  std::vector<Case> cases;
  for (const TextLine& line : SplitTextLines(text)) {
    const std::string &verb = line.word, &argument = line.rest;
    if (line.indent == 0) {
      if (verb != "case" || argument.empty()) return ErrorAt(file, line, "expected `case NAME`");
      cases.push_back(
          {.name = argument, .file = std::string(file), .point = {}, .skip = {}, .costly = {}, .steps = {}});
      continue;
    }
    if (cases.empty()) return ErrorAt(file, line, "a step before the first case");
    Case& current = cases.back();
    if (line.indent >= 4) {
      if (current.steps.empty()) return ErrorAt(file, line, "a row before the first step");
      current.steps.back().lines.push_back(line.content);
    } else if (verb == "unconfirmed") {
      current.point = argument;
    } else if (verb == "skip") {
      current.skip = argument;
    } else if (verb == "costly") {
      current.costly = argument;
    } else if (verb == "without_background_apply") {
      current.without_background_apply = true;
    } else if (Verbs().contains(verb)) {
      current.steps.push_back({.verb = verb, .argument = argument, .lines = {}, .line = line.number});
    } else {
      return ErrorAt(file, line, absl::StrCat("unknown step `", verb, "`"));
    }
  }
  return cases;
}

}  // namespace bqcdc::conformance
