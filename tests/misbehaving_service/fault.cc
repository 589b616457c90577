#include "tests/misbehaving_service/fault.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"

namespace bqcdc::misbehaving {

std::string_view FaultName(FaultKind kind) {
  switch (kind) {
    case FaultKind::kRequestLost:
      return "RequestLost";
    case FaultKind::kAnswerLost:
      return "AnswerLost";
    case FaultKind::kAnswerThenEnd:
      return "AnswerThenEnd";
    case FaultKind::kServerRestart:
      return "ServerRestart";
    case FaultKind::kServerGoAway:
      return "ServerGoAway";
    case FaultKind::kIdleClose:
      return "IdleClose";
    case FaultKind::kDraining:
      return "Draining";
    case FaultKind::kOverload:
      return "Overload";
    case FaultKind::kOverloadEndsCall:
      return "OverloadEndsCall";
    case FaultKind::kQuota:
      return "Quota";
    case FaultKind::kPriorFailure:
      return "PriorFailure";
    case FaultKind::kUnnamedRefusal:
      return "UnnamedRefusal";
    case FaultKind::kBadRowsInWaves:
      return "BadRowsInWaves";
    case FaultKind::kOversize:
      return "Oversize";
    case FaultKind::kSchemaLag:
      return "SchemaLag";
    case FaultKind::kSchemaLagEndsCall:
      return "SchemaLagEndsCall";
    case FaultKind::kMissingTable:
      return "MissingTable";
    case FaultKind::kMissingTableEndsCall:
      return "MissingTableEndsCall";
    case FaultKind::kSlowAnswers:
      return "SlowAnswers";
    case FaultKind::kHeldBack:
      return "HeldBack";
    case FaultKind::kStopsReading:
      return "StopsReading";
    case FaultKind::kSilent:
      return "Silent";
    case FaultKind::kHalfOpen:
      return "HalfOpen";
    case FaultKind::kReset:
      return "Reset";
    case FaultKind::kBurst:
      return "Burst";
    case FaultKind::kSchemaUpdated:
      return "SchemaUpdated";
    case FaultKind::kRestUnavailable:
      return "RestUnavailable";
    case FaultKind::kTableRecreated:
      return "TableRecreated";
    case FaultKind::kTableTaken:
      return "TableTaken";
  }
  return "unknown";
}

bool Halts(FaultKind kind) { return kind == FaultKind::kTableRecreated || kind == FaultKind::kTableTaken; }

bool Script::Has(FaultKind kind) const {
  return std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) { return fault.kind == kind; });
}

Script MakeScript(std::uint64_t seed, const ScriptLimits& limits) {
  std::mt19937_64 random(seed);
  const auto between = [&random](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  Script script;
  script.seed = random();
  script.habits.latency = absl::Milliseconds(between(0, 2) * between(0, 40));
  script.habits.shuffles_rows = between(0, 1) == 1;
  script.habits.forgets_numbers = between(0, 1) == 1;
  if (!limits.late_appends) script.habits.latency = absl::ZeroDuration();
  const std::int64_t count = between(1, limits.faults_max);
  while (static_cast<std::int64_t>(script.faults.size()) < count) {
    Fault fault;
    fault.kind = static_cast<FaultKind>(between(0, kFaultKindCount - 1));
    if (Halts(fault.kind) && between(1, 4) != 1) continue;
    const bool late = fault.kind == FaultKind::kHeldBack || fault.kind == FaultKind::kStopsReading;
    if (late && !limits.late_appends) continue;
    fault.at = between(0, limits.requests_max - 1);
    fault.variant = static_cast<int>(between(0, 1000));
    fault.count = static_cast<int>(between(1, 5));
    // Mostly short, so that a history is; now and then as long as the service was ever seen to take.
    const absl::Duration longest = fault.kind == FaultKind::kHeldBack      ? absl::Minutes(79)
                                   : fault.kind == FaultKind::kSlowAnswers ? absl::Seconds(100)
                                                                           : absl::Minutes(5);
    fault.duration = between(1, 8) == 1
                         ? absl::Milliseconds(between(1000, absl::ToInt64Milliseconds(longest)))
                         : absl::Milliseconds(between(50, 20'000));
    script.faults.push_back(fault);
  }
  std::stable_sort(script.faults.begin(), script.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return script;
}

std::string Print(const Script& script) {
  std::string text =
      absl::StrCat("script of seed ", script.seed, ": latency ", absl::FormatDuration(script.habits.latency),
                   script.habits.shuffles_rows ? ", shuffles rows" : "",
                   script.habits.forgets_numbers ? ", forgets numbers" : "", "\n");
  for (const Fault& fault : script.faults) {
    absl::StrAppend(&text, "  request ", fault.at, ": ", std::string(FaultName(fault.kind)), " (variant ",
                    fault.variant, ", count ", fault.count, ", ", absl::FormatDuration(fault.duration),
                    ")\n");
  }
  return text;
}

}  // namespace bqcdc::misbehaving
