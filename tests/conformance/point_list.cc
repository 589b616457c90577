#include "tests/conformance/point_list.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bqcdc/base/status_macros.h"
#include "tests/conformance/text_lines.h"

namespace bqcdc::conformance {
namespace {

// The text of the point that the word names; null: there is no such word.
std::string* TextOf(Point& point, const std::string& word) {
  if (word == "open") return &point.open;
  if (word == "here") return &point.here;
  if (word == "not_probed") return &point.not_probed;
  return nullptr;
}

}  // namespace

absl::StatusOr<std::vector<Point>> ParsePoints(std::string_view text, std::string_view file) {
  std::vector<Point> points;
  for (const TextLine& line : SplitTextLines(text)) {
    const std::string &word = line.word, &rest = line.rest;
    if (line.indent == 0) {
      if (word != "point" || rest.empty()) return ErrorAt(file, line, "expected `point NAME`");
      points.push_back({.name = rest, .open = {}, .here = {}, .not_probed = {}});
      continue;
    }
    if (points.empty()) return ErrorAt(file, line, "a text before the first point");
    std::string* const field = TextOf(points.back(), word);
    if (field == nullptr) return ErrorAt(file, line, absl::StrCat("unknown word `", word, "`"));
    if (!field->empty()) return ErrorAt(file, line, absl::StrCat("a second `", word, "` of a point"));
    *field = rest;
  }
  return points;
}

absl::StatusOr<std::vector<Point>> LoadPoints(const std::string& path) {
  BQCDC_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ParsePoints(text, path);
}

absl::Status CheckPoints(const std::vector<Point>& points, const std::vector<Case>& cases) {
  std::vector<std::string> faults;
  std::map<std::string, int> cases_of;
  for (const Point& point : points) {
    if (!cases_of.emplace(point.name, 0).second)
      faults.push_back(absl::StrCat("point ", point.name, " is listed twice"));
    if (point.open.empty() || point.here.empty())
      faults.push_back(
          absl::StrCat("point ", point.name, " does not say what is open and what is done here"));
  }
  for (const Case& one : cases) {
    if (one.point.empty()) continue;
    const auto found = cases_of.find(one.point);
    if (found == cases_of.end()) {
      faults.push_back(absl::StrCat("case ", one.name, " is one of ", one.point, ", which is no point"));
    } else if (one.skip.empty()) {
      ++found->second;
    }
  }
  for (const Point& point : points) {
    const bool asked = cases_of[point.name] > 0;
    if (!asked && point.not_probed.empty())
      faults.push_back(absl::StrCat("point ", point.name, " has neither a case nor a reason"));
    if (asked && !point.not_probed.empty())
      faults.push_back(absl::StrCat("point ", point.name, " has a case and a reason not to have one"));
  }
  if (faults.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(faults, "; "));
}

}  // namespace bqcdc::conformance
