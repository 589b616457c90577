#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace bqcdc::misbehaving {

// What the service does wrong, or what happens to it.
enum class FaultKind {
  kRequestLost,           // not applied, no answer, the call ends
  kAnswerLost,            // applied, no answer, the call ends
  kAnswerThenEnd,         // answered, then the call ends
  kServerRestart,         // all calls are cancelled, the port is closed and opened again
  kServerGoAway,          // GOAWAY: calls are answered and ended, then as a restart
  kIdleClose,             // ABORTED "inactive" once nothing is owed
  kDraining,              // UNAVAILABLE "draining" to this and the next requests of the call, then it ends
  kOverload,              // UNAVAILABLE as an answer, with row errors that mean nothing
  kOverloadEndsCall,      // UNAVAILABLE or RESOURCE_EXHAUSTED ends the call
  kQuota,                 // RESOURCE_EXHAUSTED as an answer, until it refills
  kPriorFailure,          // INTERNAL as an answer, and ABORTED to those that queued behind it
  kUnnamedRefusal,        // requests with bad rows are refused without a word about which
  kBadRowsInWaves,        // row_errors name one bad row at a time
  kOversize,              // a smaller limit of a request's bytes than the writer knows
  kSchemaLag,             // SCHEMA_MISMATCH_EXTRA_FIELDS for a while
  kSchemaLagEndsCall,     // the same as the end of the call
  kMissingTable,          // PERMISSION_DENIED or NOT_FOUND as an answer, for a while
  kMissingTableEndsCall,  // the same as the end of the call
  kSlowAnswers,           // answers take long for a while
  kHeldBack,              // requests of the call are applied and answered late, even if the call has ended
  kStopsReading,          // requests of the call are read late
  kSilent,                // the call is neither read nor answered any more
  kHalfOpen,              // TCP connections that are open carry nothing any more
  kReset,                 // TCP connections that are open are reset
  kBurst,                 // answers are kept back and come together
  kSchemaUpdated,         // somebody adds a column; answers bring the updated schema
  kRestUnavailable,       // the REST API fails for some requests
  kTableRecreated,        // dropped and created again: the writer has to halt
  kTableTaken,            // another run claims the table: the writer has to halt
};
inline constexpr int kFaultKindCount = static_cast<int>(FaultKind::kTableTaken) + 1;

std::string_view FaultName(FaultKind kind);
// The kinds after which a run must not go on.
bool Halts(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kRequestLost;
  std::int64_t at = 0;                             // the request that it strikes, counted over the service
  int variant = 0;                                 // which status or flavour, free to be reduced
  int count = 1;                                   // of requests or answers, where it strikes several
  absl::Duration duration = absl::ZeroDuration();  // where it lasts
};

// Habits of the service over a whole history.
struct Habits {
  absl::Duration latency = absl::ZeroDuration();  // between a request and its answer: requests queue up
  bool shuffles_rows = false;                     // rows of a request are taken in any order, as ties may be
  bool forgets_numbers = false;                   // applied rows forget their numbers after 48 hours
  // A call without a request for this long is closed, as the service does after 10 minutes.
  absl::Duration idle_close = absl::InfiniteDuration();
};

struct Script {
  std::uint64_t seed = 0;  // of what the service draws as it goes
  Habits habits;
  std::vector<Fault> faults;

  bool Has(FaultKind kind) const;
};

struct ScriptLimits {
  int faults_max = 6;
  std::int64_t requests_max = 30;  // faults strike before this one
  bool late_appends = true;        // requests of a call that has ended may be applied later
};

// The same seed and limits give the same script. Faults that halt the run are rare in it.
Script MakeScript(std::uint64_t seed, const ScriptLimits& limits);

// One line a fault, for a person.
std::string Print(const Script& script);

}  // namespace bqcdc::misbehaving
