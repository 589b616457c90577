#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What may happen to one CDC table: a random, repeatable story that the server and the oracle both live
// through.
namespace bqcdc::oracle {

enum class Operation { kPlain, kUpsert, kDelete };

// The key of a row; which parts count is the table's choice (Shape). Parts may be NULL.
struct Key {
  std::optional<int64_t> id = {};
  std::optional<std::string> region = {};
  auto operator<=>(const Key&) const = default;
};

struct Row {
  Operation operation = Operation::kUpsert;
  Key key = {};
  std::optional<std::string> sequence = {};  // as written, in any spelling of the grammar
  int64_t value = 0;                         // names the row: unique in a history, but for repeats
  std::optional<std::string> note = {};
};

enum class EventKind {
  kAppend,           // one request
  kAdvance,          // the clock moves by `micros`
  kAdvanceToStale,   // … to the edge of the staleness window, plus `micros` (-1, 0 or 1)
  kAdvanceToForget,  // … to 48 h after the last DELETE, plus `micros`
  kApply,
  kRestart,
  kQuery,
  kSetStaleness,  // to `micros`
};

struct Event {
  EventKind kind = EventKind::kQuery;
  int64_t micros = 0;
  std::vector<Row> rows = {};
  bool hold_clock = false;  // the next event happens at the same instant
};

enum class Shape { kSingleKey, kCompositeKey, kReversedCompositeKey };

struct History {
  uint64_t seed = 0;
  Shape shape = Shape::kSingleKey;
  int64_t staleness_micros = 0;
  std::vector<Event> events = {};
};

// How histories are made.
struct HistoryOptions {
  int keys_max = 8;            // few, so that keys meet
  int changes_min = 30;        // rows of all requests together
  bool shuffled_ties = false;  // keep rows of one key and request few, their orders are all tried
};

// The same seed and options give the same history.
History MakeHistory(uint64_t seed, const HistoryOptions& options);

// One line an event, for a person to replay by hand.
std::string Print(const History& history);

}  // namespace bqcdc::oracle
