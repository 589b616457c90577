#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace bqcdc::emulator::convert {

// A body may repeat a name of the path; another one is invalid. `field` names it.
absl::Status CheckSameName(std::string_view field, std::string_view in_path,
                           const std::optional<std::string>& in_body);

}  // namespace bqcdc::emulator::convert
