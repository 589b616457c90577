#include "bqcdc/base/thread_class.h"

#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bqcdc::base {
namespace {

// Nanoseconds that the kernel's scheduler plans ahead (Linux 6.12 and later; its own choice for two cores
// is 1.4 ms). A thread that wakes up interrupts one with a longer slice. An answer's work should fit into
// one: what has used its slice up when the kernel's tick comes may wait until the next one.
constexpr __u64 kAnswersSliceNs = 1'000'000;
constexpr __u64 kComputesSliceNs = 3'000'000;
constexpr int kComputesNice = 5;
constexpr __u32 kPolicyOther = 0;  // SCHED_OTHER; <sched.h> and the kernel's header define the same struct

}  // namespace

void SetThreadClass(ThreadClass thread_class) {
  const bool computes = thread_class == ThreadClass::kComputes;
  if (computes) static_cast<void>(nice(kComputesNice));  // Of this thread alone, on Linux.
  sched_attr attributes{};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.sched_policy != kPolicyOther) return;
  attributes.sched_runtime = computes ? kComputesSliceNs : kAnswersSliceNs;
  static_cast<void>(syscall(SYS_sched_setattr, 0, &attributes, 0));
}

}  // namespace bqcdc::base
