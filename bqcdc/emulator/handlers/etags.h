#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bqcdc/emulator/handlers/rest_request.h"

// Conditional requests (RFC 9110, section 13): an entity's etag as the clients send it back. Quotes and the
// mark of a weak etag are HTTP's; the API's own etags are without.
namespace bqcdc::emulator::handlers {

// The etag that must still hold for a change; `*` and no header demand none. Of several the first counts: the
// API's clients send one.
std::optional<std::string> IfMatch(const MethodCall& call);

// Whether a header If-None-Match names `etag`, or `*`.
bool MatchesAny(std::string_view header, std::string_view etag);

}  // namespace bqcdc::emulator::handlers
