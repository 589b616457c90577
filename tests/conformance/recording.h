#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bqcdc::conformance {

// What an endpoint answered to one step of a case.
struct RecordedAnswer {
  std::string test_case;
  int step = 0;        // of the case, from 1
  std::string text;    // of the step: verb and argument
  std::string answer;  // JSON; names of the endpoint's project, dataset and streams are replaced
};

// Answers in the order in which they were given; as a file one JSON object a line. The file of a run on one
// endpoint is a fixture for runs on others. Not thread-safe.
class Recording {
 public:
  // Errors: NotFound; InvalidArgument, naming the line.
  static absl::StatusOr<Recording> Read(const std::string& path);
  absl::Status Write(const std::string& path) const;

  void Add(RecordedAnswer answer) { answers_.push_back(std::move(answer)); }
  const std::vector<RecordedAnswer>& answers() const { return answers_; }

  // What differs in the answers of a case, one readable line each; empty = nothing. Cases that the other
  // recording does not hold are no difference; steps of a case that it does hold are.
  std::vector<std::string> Differences(std::string_view test_case, const Recording& other) const;
  bool Holds(std::string_view test_case) const;

 private:
  std::vector<RecordedAnswer> answers_;
};

}  // namespace bqcdc::conformance
