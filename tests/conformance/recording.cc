#include "tests/conformance/recording.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"

namespace bqcdc::conformance {

using nlohmann::json;

absl::StatusOr<Recording> Recording::Read(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot open ", path));
  Recording recording;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const json parsed = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!parsed.is_object() || !parsed.contains("answer") || !parsed.value("case", json()).is_string() ||
        !parsed.value("step", json()).is_number_integer() || !parsed.value("text", json()).is_string()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": no recorded answer (case, step, text, answer)"));
    }
    recording.Add({parsed["case"], parsed["step"], parsed["text"], parsed["answer"].dump()});
  }
  return recording;
}

absl::Status Recording::Write(const std::string& path) const {
  std::ofstream file(path);
  for (const RecordedAnswer& answer : answers_) {
    file << json{{"case", answer.test_case},
                 {"step", answer.step},
                 {"text", answer.text},
                 {"answer", json::parse(answer.answer)}}
                .dump()
         << "\n";
  }
  file.flush();
  return file ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("cannot write ", path));
}

bool Recording::Holds(std::string_view test_case) const {
  for (const RecordedAnswer& answer : answers_) {
    if (answer.test_case == test_case) return true;
  }
  return false;
}

std::vector<std::string> Recording::Differences(std::string_view test_case, const Recording& other) const {
  if (!other.Holds(test_case)) return {};
  std::map<int, const RecordedAnswer*> theirs;
  for (const RecordedAnswer& answer : other.answers_) {
    if (answer.test_case == test_case) theirs[answer.step] = &answer;
  }
  std::vector<std::string> lines;
  for (const RecordedAnswer& answer : answers_) {
    if (answer.test_case != test_case) continue;
    const auto found = theirs.find(answer.step);
    const std::string place = absl::StrCat("step ", answer.step, " (", answer.text, ")");
    if (found == theirs.end()) {
      lines.push_back(absl::StrCat(place, ": is not in the recording"));
      continue;
    }
    if (found->second->text != answer.text) {
      lines.push_back(absl::StrCat(place, ": the recording is of another step, ", found->second->text));
    } else if (found->second->answer != answer.answer) {
      lines.push_back(
          absl::StrCat(place, ": answered ", answer.answer, ", recorded is ", found->second->answer));
    }
    theirs.erase(found);
  }
  for (const auto& [step, answer] : theirs)
    lines.push_back(absl::StrCat("step ", step, " (", answer->text, "): was not answered"));
  return lines;
}

}  // namespace bqcdc::conformance
