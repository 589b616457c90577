#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

namespace bqcdc::emulator::sql {

struct QueryOutcome;

// A statement of a script and where it stands there, lines and columns from 1; the end is its last character.
struct ScriptStatement {
  std::string_view text;
  int start_line = 0, start_column = 0;
  int end_line = 0, end_column = 0;
};

// Is told of each statement of a script, in turn, on the thread that runs it.
class ScriptObserver {
 public:
  virtual ~ScriptObserver() = default;
  virtual void Begin(const ScriptStatement& statement) = 0;
  virtual void End(const absl::StatusOr<std::shared_ptr<const QueryOutcome>>& outcome) = 0;
};

}  // namespace bqcdc::emulator::sql
