#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bqcdc::emulator::server {

// Whether a request with this `Host` header is meant for us. A page in a browser can be made to talk to a
// local server under a name of its own (DNS rebinding); such requests carry that name. Loopback names and
// addresses are served, and the hosts of `allowed`; with or without a port, case ignored.
bool IsHostAllowed(std::string_view header, const std::vector<std::string>& allowed);

// Whether an address to listen on is reached from this machine alone: localhost, 127.0.0.0/8, ::1. Any other
// name could be anything.
bool IsLoopbackAddress(std::string_view host);

}  // namespace bqcdc::emulator::server
