#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/schema/table_schema.h"
#include "tests/oracle/value.h"

// What may happen to one CDC table: a random, repeatable story that the server and the oracle both live
// through.
namespace bqcdc::oracle {

enum class Operation { kPlain, kUpsert, kDelete };

// The key of a row; which parts count is the table's choice (Shape). Parts may be NULL.
struct Key {
  std::optional<int64_t> id = {};
  std::optional<std::string> region = {};
  std::vector<Value> parts = {};  // of Shape::kTyped
  auto operator<=>(const Key&) const = default;
};

struct Row {
  Operation operation = Operation::kUpsert;
  Key key = {};
  std::optional<std::string> sequence = {};  // as written, in any spelling of the grammar
  int64_t value = 0;                         // names the row: unique in a history, but for repeats
  std::optional<std::string> note = {};
  Cells cells = {};  // of the columns that may come, go and change
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
  kAlter,         // changes the columns, which applies what is pending
  kKill,          // the next events happen in a process that is killed
};

struct Event {
  EventKind kind = EventKind::kQuery;
  int64_t micros = 0;
  std::vector<Row> rows = {};
  bool hold_clock = false;  // the next event happens at the same instant
  std::optional<SchemaChange> change = {};
  int acknowledged = 0;  // kKill: it comes `micros` after so many events were done
};

// Which columns stay as they are, and which of them are the key:
//   id, region, value, note: the first, the first two, or these the other way round
//   k0 …, value: all k, or these the other way round; of the types in History::key_columns
enum class Shape { kSingleKey, kCompositeKey, kReversedCompositeKey, kTyped, kReversedTyped };
inline bool IsTyped(Shape shape) { return shape == Shape::kTyped || shape == Shape::kReversedTyped; }

struct History {
  uint64_t seed = 0;
  Shape shape = Shape::kSingleKey;
  std::vector<schema::Column> key_columns = {};
  std::vector<schema::Column> columns = {};  // of Row::cells, as the table is made
  int64_t staleness_micros = 0;
  std::vector<Event> events = {};
};

// How histories are made.
struct HistoryOptions {
  int keys_max = 8;            // few, so that keys meet
  int changes_min = 30;        // rows of all requests together
  bool shuffled_ties = false;  // keep rows of one key and request few, their orders are all tried
  int typed_percent = 0;       // histories whose columns are of any type
  int altered_percent = 0;     // histories in which columns change
  int killed_percent = 0;      // histories with a kill
};

// The same seed and options give the same history.
History MakeHistory(uint64_t seed, const HistoryOptions& options);

std::string Print(const Key& key);
// One line an event, for a person to replay by hand.
std::string Print(const History& history);

}  // namespace bqcdc::oracle
