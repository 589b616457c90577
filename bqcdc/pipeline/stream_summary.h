#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace bqcdc::pipeline {

// A row that was set aside, as it is told to the person at the terminal: without its values.
struct SetAsideRow {
  std::uint64_t line = 0;
  std::string source;
  std::string reason;
};

// What a run has done. Rows count once they are settled.
struct StreamSummary {
  static constexpr std::size_t kSetAsideShownMax = 10;

  std::int64_t upserts = 0;
  std::int64_t deletes = 0;
  std::int64_t bytes = 0;  // of stored rows, on the wire
  std::int64_t requests = 0;
  std::int64_t set_aside = 0;
  std::vector<SetAsideRow> set_aside_shown;  // the first ones
  std::int64_t ties = 0;
  std::int64_t rows_unsettled = 0;  // sent or about to be when the run failed
  bool ever_sent = true;            // false: no request has left, so none of those rows is written
  std::uint64_t lines = 0;          // read, blank ones counted
  std::uint64_t lines_before = 0;   // of them, left out because an earlier run has settled them
  std::uint64_t epoch = 0;          // 0 = none was needed
  bool interrupted = false;         // stopped before the end of its input
  bool dry_run = false;             // rows were looked at, not written
  // How long requests waited for their answer.
  absl::Duration acknowledge_p50, acknowledge_p99;
  absl::Duration elapsed;

  std::int64_t rows() const { return upserts + deletes; }
};

// For people: several lines, the last one ends with '\n'. `dead_letter` names the file, where rows were set
// aside.
std::string FormatSummary(const StreamSummary& summary, const std::string& table,
                          const std::string& dead_letter);

// "3 rows", "1 row"; "1.5 MiB"; "12,345".
std::string CountOf(std::int64_t count, const char* noun);
std::string FormatBytes(double bytes);
std::string FormatCount(std::int64_t count);
// "0.4 ms", "12 ms", "1.20 s".
std::string FormatLatency(absl::Duration latency);

}  // namespace bqcdc::pipeline
