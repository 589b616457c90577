#include "tests/oracle/many_histories.h"

#include <cstdlib>
#include <iostream>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/testing/proof.h"
#include "gtest/gtest.h"

namespace bqcdc::oracle {
namespace {

constexpr int64_t kHistoriesOfDirectory = 10;  // what was dropped makes restarts slower
constexpr const char* kTimestamp12 = "TIMESTAMP(12)";

void ReportCounter(const std::string& name, int64_t count, int64_t at_least) {
  std::cout << "  " << name << ": " << count << "\n";
  EXPECT_GE(count, at_least) << name << ": the histories hardly met this case, so they prove little about it";
}

// What typed histories are about.
class TypeCounters {
 public:
  void Count(const History& history) {
    if (!IsTyped(history.shape)) return;
    ++keys_of_[history.key_columns.size()];
    for (const schema::Column& column : history.key_columns) ++key_columns_[NameOf(column)];
    for (const schema::Column& column : history.columns) CountColumn(column);
    for (const Event& event : history.events) {
      if (event.change) CountChange(*event.change);
    }
  }

  void Report(int64_t histories) const {
    for (int type = 0; type < schema::kColumnTypeCount; ++type) {
      const auto type_of_column = static_cast<schema::ColumnType>(type);
      const std::string name(schema::SqlName(type_of_column));
      ReportCounter("columns and fields " + name, Of(columns_, name), histories / 20);
      if (schema::IsKeyType(type_of_column))
        ReportCounter("key columns " + name, Of(key_columns_, name), histories / 20);
    }
    ReportCounter("columns and fields TIMESTAMP(12)", Of(columns_, kTimestamp12), histories / 40);
    ReportCounter("key columns TIMESTAMP(12)", Of(key_columns_, kTimestamp12), histories / 40);
    ReportCounter("ARRAYs", arrays_, histories / 4);
    for (const auto& [columns, count] : keys_of_)
      ReportCounter(absl::StrCat("keys of ", columns, " columns"), count, histories / 20);
    for (const char* change : {"ADD COLUMN", "DROP COLUMN", "fields added", "no longer REQUIRED",
                               "another type", "wider parameters"})
      ReportCounter(change, Of(changes_, change), histories / 250);
  }

 private:
  using Counts = std::map<std::string, int64_t>;

  static int64_t Of(const Counts& counts, const std::string& name) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
  }
  static std::string NameOf(const schema::Column& column) {
    return column.picoseconds() ? kTimestamp12 : std::string(schema::SqlName(column.type));
  }
  void CountColumn(const schema::Column& column) {
    ++columns_[NameOf(column)];
    arrays_ += column.repeated();
    for (const schema::Column& field : column.fields) CountColumn(field);
  }
  void CountChange(const SchemaChange& change) {
    if (!change.before) {
      ++changes_["ADD COLUMN"];
      CountColumn(*change.after);
    } else if (!change.after) {
      ++changes_["DROP COLUMN"];
    } else if (change.before->mode != change.after->mode) {
      ++changes_["no longer REQUIRED"];
    } else if (change.before->type != change.after->type) {
      ++changes_["another type"];
    } else if (change.before->type == schema::ColumnType::kStruct) {
      ++changes_["fields added"];
    } else {
      ++changes_["wider parameters"];
    }
  }

  Counts columns_, key_columns_, changes_;
  std::map<size_t, int64_t> keys_of_;
  int64_t arrays_ = 0;
};

void ReportCounters(const Counters& counters, int64_t histories, const HistoryOptions& options) {
  ReportCounter("late losers", counters.late_losers, histories);
  ReportCounter("tombstone hits", counters.tombstone_hits, histories / 2);
  ReportCounter("tombstones expired", counters.tombstones_expired, histories / 10);
  ReportCounter("edges of 48 h after a DELETE, +-1 us", counters.forget_edges, histories / 25);
  ReportCounter("ties", counters.ties, histories / 2);
  ReportCounter("ties within a request", counters.ties_in_request, histories / 50);
  ReportCounter("plain rows replaced", counters.plain_replaced, histories / 10);
  if (!options.shuffled_ties) {
    ReportCounter("edges of the staleness window, +-1 us", counters.stale_edges, histories / 2);
    ReportCounter("stale queries that hide changes", counters.stale_queries, histories / 2);
  }
  ReportCounter("merges on read", counters.merges, histories);
  ReportCounter("applies", counters.applies, histories);
  ReportCounter("restarts", counters.restarts, histories / 5);
  ReportCounter("changes of NULL keys", counters.null_keys, histories / 10);
  ReportCounter("alters", counters.alters, histories * options.altered_percent / 200);
  ReportCounter("rows that an alter made anew", counters.rows_adapted,
                histories * options.altered_percent / 4000);
  ReportCounter("kills", counters.kills, histories * options.killed_percent / 300);
  ReportCounter("kills in the middle of an event", counters.kills_in_doubt,
                histories * options.killed_percent / 500);
}

}  // namespace

int64_t HistoryCount(int64_t otherwise) {
  const char* text = std::getenv("BQCDC_HISTORIES");
  int64_t count = 0;
  return text != nullptr && absl::SimpleAtoi(text, &count) ? count : otherwise;
}

void PlayHistories(int64_t count, const ReplayOptions& options, const HistoryOptions& history_options) {
  const uint64_t first = base::TestSeed();
  std::cout << count << " histories\n";
  Counters counters;
  TypeCounters types;
  std::unique_ptr<Replayer> replayer;
  for (int64_t i = 0; i < count; ++i) {
    if (i % kHistoriesOfDirectory == 0) {
      if (replayer) counters.Add(replayer->counters());
      replayer = std::make_unique<Replayer>(options);
    }
    const History history = MakeHistory(first + static_cast<uint64_t>(i), history_options);
    types.Count(history);
    auto difference = replayer->Run(history);
    if (difference.ok() && !difference->has_value()) continue;
    const std::optional<size_t> killed = replayer->events_until_kill();
    const History small = Shrink(history, options);
    Replayer again(options);
    auto shrunk = again.Run(small);
    FAIL() << "history of seed " << history.seed << ": "
           << (difference.ok() ? **difference : std::string(difference.status().message()))
           << (killed ? absl::StrCat("\nkilled after ", *killed, " events") : "") << "\nshrunk to:\n"
           << Print(small)
           << (shrunk.ok() ? shrunk->value_or("(does not fail alone)")
                           : std::string(shrunk.status().message()));
  }
  counters.Add(replayer->counters());
  ReportCounters(counters, count, history_options);
  if (history_options.typed_percent > 0) types.Report(count * history_options.typed_percent / 100);
}

}  // namespace bqcdc::oracle
