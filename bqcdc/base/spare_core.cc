#include "bqcdc/base/spare_core.h"

#include <sched.h>
#include <unistd.h>

namespace bqcdc::base {

void SpareOneCore() {
  // Machines with more than its 1,024 cores are left alone: the call fails there.
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return;
  const int count = CPU_COUNT(&cores);
  if (count < 2) return;
  // Several servers on one machine shall not all spare the same one.
  int before = static_cast<int>(getpid() % count);
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &cores) || before-- > 0) continue;
    CPU_CLR(core, &cores);
    break;
  }
  static_cast<void>(sched_setaffinity(0, sizeof cores, &cores));
}

}  // namespace bqcdc::base
