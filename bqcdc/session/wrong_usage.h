#pragma once

#include "absl/status/status.h"

namespace bqcdc::session {

// Marks an error as the caller's doing: a program ends with exit code 2 then.
absl::Status MarkWrongUsage(absl::Status status);
bool IsWrongUsage(const absl::Status& status);

}  // namespace bqcdc::session
