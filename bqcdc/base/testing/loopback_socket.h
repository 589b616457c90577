#pragma once

#include <netinet/in.h>

// Sockets for test doubles that speak TCP themselves.

namespace bqcdc::base {

sockaddr_in LoopbackAddress(int port);

// A TCP socket bound to a free port of loopback, which it tells; not listening yet. `flags` are those of
// socket(2), as SOCK_NONBLOCK. With `reuse_port` others may bind the same port.
int BoundLoopbackSocket(int flags, bool reuse_port, int* port);

// Ends the test program, saying which call failed and errno.
[[noreturn]] void Die(const char* call);

}  // namespace bqcdc::base
