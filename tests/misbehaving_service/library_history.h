#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/misbehaving_service/change_maker.h"
#include "tests/misbehaving_service/fault.h"
#include "tests/misbehaving_service/misbehaving_service.h"

namespace bqcdc::misbehaving {

// A table of the history and the changes that a program has for it.
struct LibraryTable {
  bool own_numbers = false;
  std::vector<std::string> key_columns = {"id"};
  std::vector<InputChange> input;
};

// How a writer ends before its program has appended everything. A second one goes on.
enum class Interruption { kNone, kCancel, kClose };

// A program that writes tables with the library against the misbehaving service: what it appends, how, and
// what goes wrong.
struct LibraryHistory {
  std::uint64_t seed = 0;
  // One table, by a SerialWriter; else all by a Writer.
  bool serial = false;
  std::vector<LibraryTable> tables;
  // Threads that append. All changes of a key come from one; where `thread_per_table`, all of a table.
  int threads = 1;
  bool thread_per_table = false;
  // Refused rows are set aside by on_refused; else each row that may be refused is appended for an answer.
  bool sets_aside = true;
  Interruption interruption = Interruption::kNone;
  std::int64_t interrupted_after = 0;  // appends that were taken
  // After this many appends of the first thread a column is added to the first table; 0 = none is.
  int evolves_after = 0;
  // After the end everything is appended once more, by a new writer with the same numbers.
  bool repeats = false;
  absl::Duration repeat_after = absl::Hours(39);
  // As those of WriterOptions.
  std::int64_t batch_rows = 4;
  int requests_in_flight = 4;
  int connections = 1;
  absl::Duration flush_interval = absl::Milliseconds(100);
  absl::Duration target_latency;
  Script script;
};

// The same seed gives the same history.
LibraryHistory MakeLibraryHistory(std::uint64_t seed);

// For a person: options, faults and changes.
std::string Print(const LibraryHistory& history);

// What happened in a history, for counters, and what was wrong.
struct LibraryFindings {
  std::vector<std::string> problems;
  std::map<FaultKind, std::int64_t> struck;
  bool halted = false;
  std::int64_t requests = 0, calls = 0, rows_resent = 0, late_appends = 0;
  // Rows that on_refused was given; appends with an answer, those among them whose row was refused, and those
  // that a writer's end has left unknown; appends that had no room or came too late, and went again; tables
  // that got a column; writers that were interrupted, lines that the next one appended; repeats.
  std::int64_t set_aside = 0, answered = 0, answered_refused = 0, answered_unknown = 0, no_room = 0,
               too_late = 0, evolved = 0, interrupted = 0, appended_again = 0, repeats = 0;
  absl::Duration elapsed;  // by the history's own clock
};

struct LibraryRunOptions {
  WireMutant mutant = WireMutant::kNone;
  int clock_patience = 1;  // of IdleClock
};

// Lives the history and looks at everything that must hold.
LibraryFindings RunLibraryHistory(const LibraryHistory& history, const LibraryRunOptions& options = {});

}  // namespace bqcdc::misbehaving
