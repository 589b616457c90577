#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/conformance/append_client.h"
#include "tests/conformance/case_file.h"
#include "tests/conformance/endpoint.h"
#include "tests/conformance/held_calls.h"
#include "tests/conformance/recording.h"

namespace bqcdc::conformance {

// What the endpoint answered to a step.
struct Answer {
  std::string code = "OK";  // gRPC code, or the REST reason
  std::string message;
  std::map<int64_t, std::string> row_errors;
  std::optional<int64_t> offset;            // of the first row; of finalize: the row count
  std::set<std::string> storage_errors;     // codes
  std::vector<std::string> updated_schema;  // columns
  std::string body;                         // of REST, JSON
  bool ended = false;                       // the call, instead of an answer
  bool checked = false;
};

// Runs one case in a table of its own.
class CaseRunner {
 public:
  // `recording`: where each step's answer is written down; may be null.
  CaseRunner(Endpoint& endpoint, const Case& test_case, Recording* recording);

  // Why the endpoint cannot run the case, or unset.
  std::optional<std::string> CannotRun() const;
  // Unset when every step answered as the case says, else what differs first, with file and line. Goes on to
  // the case's end where that can be, so that all of it is recorded.
  std::optional<std::string> Run();

 private:
  using Difference = std::optional<std::string>;

  Difference RunStep(const Step& step);
  Difference Create(const Step& step);
  Difference Connect(const Step& step);
  Difference Append(const Step& step);
  Difference CreateStream(const Step& step);
  Difference ChangeSchema(const Step& step);
  Difference Statement(const Step& step);
  Difference Rest(const Step& step);
  Difference Hold(const Step& step);
  // Finalize, commit and flush.
  Difference CallStream(const Step& step);
  Difference ExpectOffset(const Step& step);
  Difference ExpectStorageError(const Step& step);
  Difference ExpectEnded();
  Difference ExpectUpdatedSchema(const Step& step);
  Difference ExpectField(const Step& step);
  Difference ExpectOk();
  Difference ExpectError(const Step& step);
  Difference ExpectRowError(const Step& step);
  Difference ExpectRows(const Step& step, const std::string& sql);
  Difference Advance(const Step& step);
  // Until what was streamed before is in the baseline.
  Difference Apply();
  // Calls again while the endpoint does not know a table yet that was made: services take a while.
  absl::Status OnceKnown(const std::function<absl::Status()>& call) const;
  Difference Watermark(std::string& micros);
  // Refusals and rows that no step has asked about are differences too.
  Difference UncheckedAnswer(const Step* next);
  std::string TablePath(const std::string& name) const;
  std::string Fill(std::string text) const;
  // Answers to statements and requests; what a query shows.
  void RecordAnswer(const Step& step);
  void RecordRows(const Step& step, std::vector<std::string> rows);
  void Record(const Step& step, const std::string& answer);
  std::string WithoutNames(std::string text) const;

  Endpoint& endpoint_;
  const Case& case_;
  Recording* const recording_;
  int step_number_ = 0;
  const std::string table_path_;  // projects/…/tables/…
  std::map<std::string, std::unique_ptr<AppendClient>> connections_;
  std::map<std::string, std::string> streams_;  // as the case calls them → names
  HeldCalls held_;
  std::optional<Answer> answer_;
  std::string watermark_;
};

}  // namespace bqcdc::conformance
