#pragma once

#include "absl/status/status.h"

namespace bqcdc::cli {

// What the program's exit code says.
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kWrongUsage = 2,
  kRowsSetAside = 3,  // done, but rows are in the dead letter file
};

// Prints "bqcdc: MESSAGE" to standard error, or the event "error" where logs are JSON, and returns `code`.
int ReportError(const absl::Status& status, int code = kFailed);

}  // namespace bqcdc::cli
