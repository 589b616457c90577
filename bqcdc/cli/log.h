#pragma once

#include "bqcdc/cli/command.h"

namespace bqcdc::cli {

// Logs go to standard error, as text or as one JSON object a line.
void SetUpLog(const CommonFlags& flags);

}  // namespace bqcdc::cli
