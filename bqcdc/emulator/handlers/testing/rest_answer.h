#pragma once

#include <set>
#include <string>

#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::handlers::testing {

// An answer as a client sees it.
struct Answer {
  int status = 0;
  std::string text;
  std::string etag;

  nlohmann::json Json() const;
};

// The whole of Google's error form, with `message` somewhere in the error's.
void ExpectError(const Answer& answer, int code, const std::string& reason, const std::string& message);

// The names in a JSON object.
std::set<std::string> Keys(const nlohmann::json& object);

}  // namespace bqcdc::emulator::handlers::testing
