#pragma once

#include <string_view>

// Named places where a process can be made to die, to prove that what it leaves on disk is enough. Listed in
// BQCDC_FAILPOINT_LIST below; each has a kill-and-restart test. Programs built without tests compile them to
// nothing.
namespace bqcdc::base {

#define BQCDC_FAILPOINT_LIST(X)                                                                      \
  X(kAppendBeforeCommit, "append-before-commit")           /* rows written, not durable */           \
  X(kAppendBeforeAcknowledge, "append-before-acknowledge") /* durable, nobody told */                \
  X(kApplyBeforeCommit, "apply-before-commit")             /* baseline written, not durable */       \
  X(kApplyAfterCommit, "apply-after-commit")               /* baseline durable, delta untouched */   \
  X(kDeltaBeforeDelete, "delta-before-delete")             /* applied rows are in the delta still */ \
  X(kCheckpointBefore, "checkpoint-before")                                                          \
  X(kCheckpointAfter, "checkpoint-after")                                                            \
  X(kCreateBetweenFiles, "create-between-files") /* in the delta, not in the baseline */             \
  X(kDropBetweenFiles, "drop-between-files")     /* gone from the baseline, in the delta still */    \
  X(kAlterBetweenFiles, "alter-between-files")   /* delta altered, baseline not */

enum class Failpoint {
#define BQCDC_FAILPOINT_NAME(name, text) name,
  BQCDC_FAILPOINT_LIST(BQCDC_FAILPOINT_NAME)
#undef BQCDC_FAILPOINT_NAME
};

// Ends the process with exit code 137, as a kill does, when the environment names this point:
// BQCDC_FAILPOINT=apply-after-commit (at the first visit) or BQCDC_FAILPOINT=apply-after-commit:3 (at the
// third).
#ifdef BQCDC_FAILPOINTS
void HitFailpoint(Failpoint point);
#else
inline void HitFailpoint(Failpoint) {}
#endif

// "apply-after-commit".
std::string_view FailpointName(Failpoint point);

}  // namespace bqcdc::base
