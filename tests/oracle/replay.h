#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/engine/database.h"
#include "tests/oracle/cdc_oracle.h"
#include "tests/oracle/history.h"

// Lives a history on the server's engine and on the oracle at once.
namespace bqcdc::oracle {

struct ReplayOptions {
  emulator::engine::CdcOptions cdc;
  // Apply by the engine's own timer instead of the history's apply events.
  bool background_apply = false;
};

// One database directory for many histories, each in a table of its own. Not thread-safe.
class Replayer {
 public:
  explicit Replayer(ReplayOptions options);
  ~Replayer();

  // Unset when both agree on every view and watermark; else what differs, in words. Errors are the engine's
  // refusals of what it must accept, and fail the test as well.
  absl::StatusOr<std::optional<std::string>> Run(const History& history);
  const Counters& counters() const { return counters_; }
  // Events that happened in a process that was killed, of the last history; unset without a kill.
  std::optional<size_t> events_until_kill() const { return events_until_kill_; }
  // What the last query of the last history showed: its end state, applied and freshly merged.
  const View& last_view() const { return last_view_; }

 private:
  struct Story;

  absl::Status Open();
  absl::Status CreateTable(Story& story);
  // One event on the engine and on the oracle, and what must hold then.
  absl::StatusOr<std::optional<std::string>> Live(Story& story, const Event& event);
  // Its parts: the clock, the engine (under a clock that has been moved), the oracle.
  void MoveClock(const Story& story, const Event& event);
  absl::Status Act(Story& story, const Event& event);
  void Remember(Story& story, const Event& event);
  // The events behind `kill` in a process of their own, until it is killed; afterwards `next` is the event to
  // go on with.
  absl::StatusOr<std::optional<std::string>> LiveUntilKilled(Story& story, const Event& kill, size_t& next);
  absl::StatusOr<std::optional<std::string>> GoOnAfterKill(Story& story, size_t done, size_t& next);
  absl::Status Append(Story& story, const std::vector<Row>& rows);
  absl::Status Alter(Story& story, const SchemaChange& change);
  absl::Status SetStaleness(Story& story, int64_t micros);
  absl::StatusOr<std::optional<std::string>> CheckView(Story& story);
  absl::StatusOr<std::optional<std::string>> CheckWatermark(Story& story);
  absl::StatusOr<View> Query(Story& story);
  void AdvanceTo(int64_t micros);
  void StepClock(const Event& event);
  int64_t now() const { return absl::ToUnixMicros(clock_.Now()); }

  const ReplayOptions options_;
  std::string directory_;
  base::ManualClock clock_;
  int64_t last_ingest_ = 0;  // ingest times rise strictly, also while the clock stands
  bool clock_held_ = false;
  std::unique_ptr<emulator::engine::Database> database_;
  int64_t tables_made_ = 0;
  Counters counters_;
  View last_view_;
  std::optional<size_t> events_until_kill_;
};

// Removes events and rows from a history that fails, as long as it still fails (in whatever way).
History Shrink(History history, const ReplayOptions& options);

}  // namespace bqcdc::oracle
