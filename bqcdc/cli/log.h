#pragma once

#include <string>
#include <string_view>

#include "bqcdc/cli/command.h"

namespace bqcdc::cli {

// All that a command writes to standard error goes through here and spdlog: as text, or as one JSON object a
// line. Text until it is called.
void SetUpLog(const CommonFlags& flags);

// What a person is told beside the results: as text the lines themselves; as JSON an object for each, with
// these members ("\"port\":1") beside the message.
void Tell(std::string_view text, const std::string& members = "");

// A line about the work, not about a fault: as JSON always, with these members beside the message; as text
// where it was asked for (-v, --log-level info or debug).
void LogEvent(const std::string& text, const std::string& members);

}  // namespace bqcdc::cli
