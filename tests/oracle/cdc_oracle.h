#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tests/oracle/history.h"

// BigQuery's CDC semantics written a second time, slowly and obviously, sharing nothing with the server:
// every view folds every change since the beginning. Source:
// https://cloud.google.com/bigquery/docs/change-data-capture, and for the unconfirmed points
// bqcdc/emulator/unconfirmed.h.
namespace bqcdc::oracle {

// What a query shows of a row.
struct VisibleRow {
  Key key = {};
  int64_t value = 0;
  std::optional<std::string> note = {};
  Cells cells = {};  // without NULLs
  auto operator<=>(const VisibleRow&) const = default;
};
using View = std::vector<VisibleRow>;  // sorted; equal rows may stand twice

// How often the cases that are easy to get wrong occurred; a run without them proves little.
struct Counters {
  int64_t late_losers = 0;         // a change lost against a row
  int64_t tombstone_hits = 0;      // a change lost against a remembered DELETE
  int64_t tombstones_expired = 0;  // a change won only because the DELETE was forgotten
  int64_t forget_edges = 0;        // a change came 48 h after a DELETE, give or take 1 us
  int64_t ties = 0;                // equal numbers met
  int64_t ties_in_request = 0;
  int64_t plain_replaced = 0;  // a change removed plain rows
  int64_t stale_edges = 0;     // a query at the end of the staleness window, give or take 1 us
  int64_t stale_queries = 0;   // answered from the baseline, and showing less than the merge
  int64_t merges = 0;          // answered by a merge of unapplied changes
  int64_t applies = 0;
  int64_t restarts = 0;
  int64_t null_keys = 0;
  int64_t alters = 0;        // the columns changed
  int64_t rows_adapted = 0;  // a row that was visible then became another value by it
  int64_t kills = 0;
  int64_t kills_in_doubt = 0;  // an event was under way: it happened or it did not

  void Add(const Counters& other);
};

class CdcOracle {
 public:
  struct Options {
    // Rows of one request and key may have been taken in any order.
    bool ties_shuffled = false;
    // An applied row older than this has forgotten its number; unset: never.
    std::optional<int64_t> forget_sequences_after_micros = {};
  };

  CdcOracle(Shape shape, int64_t staleness_micros, Options options)
      : shape_(shape), staleness_micros_(staleness_micros), options_(options) {}

  // Times are microseconds and rise from call to call.
  void Append(const std::vector<Row>& rows, int64_t now);
  void Apply(int64_t now);
  void SetStaleness(int64_t micros) { staleness_micros_ = micros; }
  void Alter(const SchemaChange& change, int64_t now);

  // Whether a query at `now` may show `seen`. What contradicts it is excluded from then on: of the orders in
  // which ties may have been taken, only those that explain everything seen so far remain.
  bool Explains(const View& seen, int64_t now);
  // One view that would be right (the only one unless ties are shuffled).
  View Expected(int64_t now) const;

  std::optional<int64_t> watermark() const { return watermark_; }
  std::optional<int64_t> last_delete() const { return last_delete_; }
  int64_t staleness_micros() const { return staleness_micros_; }
  Counters& counters() { return counters_; }

 private:
  struct Change {
    Row row;
    int64_t ingest = 0;
    int64_t request = 0;
  };
  using World = std::vector<Change>;  // all that happened to one key, in one possible order

  Key KeyOf(const Row& row) const;
  bool IsStale(int64_t now) const;
  bool Replaces(const Change& change, const Change& winner) const;
  bool Forgotten(const Change& change, const Change& winner) const;
  // What is left of a key's rows.
  struct Survivors {
    const Change* winner = nullptr;
    std::vector<const Change*> plain;
  };
  Survivors Survive(const World& world, int64_t changes_until) const;
  View Fold(const World& world, int64_t changes_until) const;
  void Count(const World& world);
  // Two worlds with the same survivors can never be told apart where no view is stale, so there are few of
  // them however many requests nobody looked behind.
  std::string Signature(const World& world) const;
  int64_t ChangesUntil(int64_t now) const;

  const Shape shape_;
  int64_t staleness_micros_;
  const Options options_;
  std::map<Key, std::vector<World>> worlds_;
  std::vector<int64_t> applies_;
  std::optional<int64_t> watermark_;
  std::optional<int64_t> last_change_;
  std::optional<int64_t> last_delete_;
  int64_t requests_ = 0;
  Counters counters_;
};

// Compares two sequence numbers as the documentation says: section by section, each as an unsigned
// hexadecimal number; missing sections are 0.
int CompareSequences(const std::string& a, const std::string& b);

}  // namespace bqcdc::oracle
