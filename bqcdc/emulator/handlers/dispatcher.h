#pragma once

#include "bqcdc/emulator/handlers/rest_request.h"
#include "bqcdc/emulator/handlers/rest_service.h"

namespace bqcdc::emulator::handlers {

// Answers one request: takes the base path off, finds the route, parses the body, calls the handler; every
// failure comes back in Google's form of error.
RestResponse Dispatch(RestContext::State& state, const RestRequest& request);

}  // namespace bqcdc::emulator::handlers
