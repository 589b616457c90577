#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/misbehaving_service/change_maker.h"
#include "tests/misbehaving_service/fault.h"
#include "tests/misbehaving_service/misbehaving_service.h"

namespace bqcdc::misbehaving {

struct StreamLimits {
  std::int64_t batch_rows = 4;
  int requests_in_flight = 4;
  std::size_t batches = 8;
  int connections = 1;
  int encode_threads = 1;
};

// A run of StreamChanges against the misbehaving service: what is read, how, and what goes wrong.
struct StreamHistory {
  std::uint64_t seed = 0;
  bool own_numbers = false;  // the lines bring sequence numbers, some of them equal
  bool repeats = false;      // the same input a second time with the same numbers, `repeat_after` later
  absl::Duration repeat_after = absl::Hours(39);
  // Of the table, in the order of its key.
  std::vector<std::string> key_columns = {"id"};
  StreamLimits limits;
  Script script;
  std::vector<InputChange> input;
};

// The same seed gives the same history.
StreamHistory MakeStreamHistory(std::uint64_t seed);
// The same with the given faults alone.
StreamHistory MakeStreamHistory(std::uint64_t seed, std::vector<Fault> faults);

// For a person: limits, faults and input.
std::string Print(const StreamHistory& history);

// What happened in a history, for counters, and what was wrong.
struct StreamFindings {
  std::vector<std::string> problems;
  std::map<FaultKind, std::int64_t> struck;
  bool halted = false;
  absl::Status status;
  std::int64_t requests = 0, calls = 0, rows_resent = 0, late_appends = 0, dead_letters = 0, ties = 0,
               repeats = 0, repeats_forgotten = 0;  // the second: of a service that had forgotten the numbers
  absl::Duration elapsed;                           // by the history's own clock
};

struct RunOptions {
  WireMutant mutant = WireMutant::kNone;
  // Patience of the writer for refusals that may pass.
  absl::Duration retry_time_max = absl::Hours(6);
  int retry_attempts_max = 0;  // the same; 0 = no limit
  // The run may end with this error, wherever a fault that halts has struck or not. Empty = only such a
  // fault's.
  std::string error;
  // As those of HistoryWorld.
  int clock_patience = 1;
  bool may_be_stuck = false;
  // The run keeps a checkpoint, which must never cover a line that is not settled.
  bool checkpoint = false;
};

// Lives the history and looks at everything that must hold.
StreamFindings RunStreamHistory(const StreamHistory& history, const RunOptions& options = {});

// Takes faults away as long as the history still fails.
StreamHistory Shrink(StreamHistory history, const RunOptions& options = {});

}  // namespace bqcdc::misbehaving
