#pragma once

#include <string>

#include "bqcdc/base/failpoint.h"

namespace bqcdc::emulator::engine::testing {

// Where a child process dies: at this visit of a failpoint, from 1.
struct Kill {
  base::Failpoint point;
  int visit = 1;
};

// "append_before_commit_3", for the names of tests.
std::string KillName(const Kill& kill);

// Runs a disabled test of this very program, as "FailpointChild.DISABLED_Lives", in a process of its own
// until the kill. False where the child ended in any other way: the point was not reached, or the child gave
// up.
bool RunUntilKilled(const Kill& kill, const std::string& child_test, const std::string& directory);

// In the child its directory, elsewhere null.
const char* KilledChildDirectory();

}  // namespace bqcdc::emulator::engine::testing
