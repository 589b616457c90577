#pragma once

#include <string>

#include "bqcdc/cli/command.h"

namespace bqcdc::cli {

// Logs go to standard error, as text or as one JSON object a line.
void SetUpLog(const CommonFlags& flags);

// A line about the work, not about a fault: as JSON always, with these members beside the message; as text
// where it was asked for (-v, --log-level info or debug).
void LogEvent(const std::string& text, const std::string& members);

}  // namespace bqcdc::cli
