#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "bqcdc/http/transport.h"

namespace bqcdc::rest {

// Turns an error answer of the REST API into a Status: the service's message as it is, the code by HTTP code,
// and the service's reason kept beside it. (docs: error messages)
// REQUIRES: response.code >= 400.
absl::Status StatusOfErrorResponse(const http::Response& response);

// The reason of an error answer ("notFound", "rateLimitExceeded", …); empty for other statuses.
std::string ServiceReason(const absl::Status& status);

// Who said it: nobody (there was no answer, or no request at all), something that does not answer as the API
// does (a proxy, another server), or the API itself.
enum class ErrorOrigin { kNoAnswer, kForeign, kService };
ErrorOrigin OriginOfError(const absl::Status& status);

// Makes a status with a reason, as StatusOfErrorResponse() does.
absl::Status ErrorWithReason(absl::StatusCode code, std::string_view message, std::string_view reason);

// Whether the same request may succeed a little later. Of errors without an answer only those count that
// were never sent, unless `repeatable` says that a second run of the request does no harm.
bool IsRetryable(const absl::Status& status, bool repeatable);

}  // namespace bqcdc::rest
