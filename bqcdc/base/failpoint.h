#pragma once

#include <string_view>

// Named places where a process can be made to die, to prove that what it leaves on disk is enough. All are
// listed below; each has a kill-and-restart test. Programs built without tests compile them to
// nothing.
namespace bqcdc::base {

// Of the local server.
#define BQCDC_SERVER_FAILPOINTS(X)                                                                         \
  X(kAppendBeforeCommit, "append-before-commit")           /* rows written, not durable */                 \
  X(kAppendBeforeAcknowledge, "append-before-acknowledge") /* durable, nobody told */                      \
  X(kApplyBeforeCommit, "apply-before-commit")             /* baseline written, not durable */             \
  X(kApplyAfterCommit, "apply-after-commit")               /* baseline durable, delta untouched */         \
  X(kDeltaBeforeDelete, "delta-before-delete")             /* applied rows are in the delta still */       \
  X(kCheckpointBefore, "checkpoint-before")                                                                \
  X(kCheckpointBeforeJournal, "checkpoint-before-journal") /* its journal has no name yet */               \
  X(kCheckpointJournaled, "checkpoint-journaled")          /* its journal is durable, nothing else done */ \
  X(kCheckpointDone, "checkpoint-done")                    /* durable, its journal is there still */       \
  X(kCheckpointAfter, "checkpoint-after")                                                                  \
  X(kCreateBetweenFiles, "create-between-files")          /* in the delta, not in the baseline */          \
  X(kDropBetweenFiles, "drop-between-files")              /* gone from the baseline, in the delta still */ \
  X(kAlterBetweenFiles, "alter-between-files")            /* delta altered, baseline not */                \
  X(kReleaseBeforeCommit, "release-before-commit")        /* rows of a stream moved, not durable */        \
  X(kReleaseAfterCommit, "release-after-commit")          /* durable, nobody told */                       \
  X(kChangeRowsBeforeCommit, "change-rows-before-commit") /* rows changed, not durable */                  \
  X(kChangeRowsAfterCommit, "change-rows-after-commit")   /* durable, nobody told */

// Of `bqcdc stream` and `bqcdc dead-letter retry`.
#define BQCDC_STREAM_FAILPOINTS(X)                                                                          \
  X(kStreamAfterClaim, "stream-after-claim") /* the label has the epoch, the checkpoint says undecided */   \
  X(kStreamAfterRead, "stream-after-read")   /* a batch is encoded, nobody has it */                        \
  X(kStreamBeforeSend, "stream-before-send") /* its bad lines are set aside, nothing was sent */            \
  X(kStreamAfterAcknowledge, "stream-after-acknowledge") /* stored, not yet settled */                      \
  X(kStreamAfterSettle, "stream-after-settle")           /* settled, not in the checkpoint */               \
  X(kDeadLetterBeforeSync, "dead-letter-before-sync")                                                       \
  X(kDeadLetterAfterSync, "dead-letter-after-sync") /* set aside, not yet settled */                        \
  X(kReplaceBeforeSync, "replace-before-sync")      /* checkpoint or dead letter file: temporary written */ \
  X(kReplaceBeforeRename, "replace-before-rename")  /* … and durable */                                   \
  X(kReplaceAfterRename, "replace-after-rename")    /* the name may be lost still */                        \
  X(kReplaceAfterSync, "replace-after-sync")                                                                \
  X(kStreamBeforeLastCheckpoint, "stream-before-last-checkpoint") /* all is settled */                      \
  X(kRetryAfterSend, "retry-after-send") /* rows are settled, the dead letter file has them still */

#define BQCDC_FAILPOINT_LIST(X) BQCDC_SERVER_FAILPOINTS(X) BQCDC_STREAM_FAILPOINTS(X)

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
