#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "bqcdc/emulator/handlers/rest_request.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::handlers {

// REST's name of a failure, for statuses of emulator/errors.h and for those that other parts made without a
// reason.
std::string_view RestReason(const absl::Status& status);
int RestHttpCode(const absl::Status& status);

// The ErrorProto of a job's `status.errorResult` and `status.errors`: reason, message, location.
nlohmann::json ErrorProto(const absl::Status& status);

// {"error": {code, message, errors: [...], status}}, as the service writes it.
RestResponse ErrorResponse(const absl::Status& status);

// The same for failures of HTTP itself (413, 415, an unknown path), which no status stands for.
RestResponse HttpErrorResponse(int http_code, std::string_view reason, std::string_view message);

// 401 with the message of a failed BearerTokens::Check().
RestResponse UnauthenticatedResponse(const absl::Status& status, bool sent_some);

}  // namespace bqcdc::emulator::handlers
