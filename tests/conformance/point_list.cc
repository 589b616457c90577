#include "tests/conformance/point_list.h"

#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace bqcdc::conformance {
namespace {

absl::Status ErrorAt(std::string_view file, int line, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(file), ":", line, ": ", what));
}

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
  int number = 0;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(std::string(text), '\n'))) {
    ++number;
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    const std::string content = line.substr(indent);
    const std::pair<std::string, std::string> words = absl::StrSplit(content, absl::MaxSplits(' ', 1));
    const auto& [word, rest] = words;
    if (indent == 0) {
      if (word != "point" || rest.empty()) return ErrorAt(file, number, "expected `point NAME`");
      points.push_back({.name = rest, .open = {}, .here = {}, .not_probed = {}});
      continue;
    }
    if (points.empty()) return ErrorAt(file, number, "a text before the first point");
    std::string* const field = TextOf(points.back(), word);
    if (field == nullptr) return ErrorAt(file, number, absl::StrCat("unknown word `", word, "`"));
    if (!field->empty()) return ErrorAt(file, number, absl::StrCat("a second `", word, "` of a point"));
    *field = rest;
  }
  return points;
}

absl::StatusOr<std::vector<Point>> LoadPoints(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot open ", path));
  std::stringstream text;
  text << file.rdbuf();
  return ParsePoints(text.str(), path);
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
