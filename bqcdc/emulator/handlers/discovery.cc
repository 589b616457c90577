#include "bqcdc/emulator/handlers/rest_state.h"

namespace bqcdc::emulator::handlers {
void AddDiscoveryRoutes(RestContext::State&) {}
}  // namespace bqcdc::emulator::handlers
