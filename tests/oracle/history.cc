#include "tests/oracle/history.h"

#include <algorithm>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bqcdc::oracle {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;

// Numbers whose order differs when they are compared as text, as signed numbers, by their first section alone
// or by their length; several are spellings of one number.
constexpr const char* kSequences[] = {"0",
                                      "1",
                                      "9",
                                      "A",
                                      "a",
                                      "10",
                                      "77",
                                      "7B",
                                      "FFF",
                                      "FFF/B",
                                      "FFF/ABC",
                                      "fff/0abc",
                                      "ABC",
                                      "ABC/0/0",
                                      "ABC/0/0/1",
                                      "BA/FFFFFFFF",
                                      "00ABC",
                                      "1/2/3/4",
                                      "1/2/3/5",
                                      "1/2/10/0",
                                      "7FFFFFFFFFFFFFFF",
                                      "8000000000000000",
                                      "FFFFFFFFFFFFFFFF",
                                      "FFFFFFFFFFFFFFFF/8000000000000000",
                                      "FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF"};

enum class Numbering { kPool, kRising, kNone, kMixed };

class Maker {
 public:
  Maker(uint64_t seed, const HistoryOptions& options) : random_(seed), options_(options) {
    history_.seed = seed;
  }

  History Make() {
    history_.shape =
        Pick({Shape::kSingleKey, Shape::kSingleKey, Shape::kCompositeKey, Shape::kReversedCompositeKey});
    history_.staleness_micros = Pick<int64_t>({0, 10 * kMinute, 15 * kMinute, 3 * kSecond, 1000});
    if (options_.shuffled_ties) history_.staleness_micros = 0;
    numbering_ = Pick({Numbering::kPool, Numbering::kPool, Numbering::kPool, Numbering::kRising,
                       Numbering::kRising, Numbering::kNone, Numbering::kMixed});
    key_count_ = Between(1, options_.keys_max);
    plain_percent_ = Pick({0, 0, 15, 30});
    delete_percent_ = Pick({15, 30, 50});
    MakeKeys();
    if (plain_percent_ > 0 && Percent(30)) AddPlainBurst();
    while (row_count_ < options_.changes_min) AddEvents();
    Add(EventKind::kQuery);
    return std::move(history_);
  }

 private:
  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool Percent(int percent) { return Between(1, 100) <= percent; }
  template <typename T>
  T Pick(std::initializer_list<T> values) {
    return values.begin()[Between(0, static_cast<int64_t>(values.size()) - 1)];
  }

  void MakeKeys() {
    for (int64_t i = 0; i < key_count_; ++i) {
      Key key{.id = i / 2, .region = i % 2 == 0 ? "east" : "west"};
      if (Percent(5)) key.id.reset();
      if (Percent(10)) key.region.reset();
      // A table keyed by the id alone would otherwise see two spellings of one key in every pair.
      if (history_.shape == Shape::kSingleKey) key = {.id = Percent(4) ? std::nullopt : std::optional(i)};
      keys_.push_back(key);
    }
  }

  void Add(EventKind kind, int64_t micros = 0) {
    history_.events.push_back({.kind = kind, .micros = micros});
  }

  void AddEvents() {
    if (Percent(10)) AddBurst();
    AddAppend();
    const int64_t dice = Between(1, 100);
    if (dice <= 25)
      Add(EventKind::kAdvance, Pick<int64_t>({1, 7, 500, kSecond, kMinute, 5 * kMinute, 20 * kMinute}));
    if (dice > 25 && dice <= 33)
      Add(EventKind::kAdvance, Pick<int64_t>({kHour, 20 * kHour, 47 * kHour, 49 * kHour}));
    if (dice > 33 && dice <= 50) AddLateForDelete();
    if (Percent(30)) Add(EventKind::kApply);
    if (Percent(5)) Add(EventKind::kRestart);
    if (!options_.shuffled_ties && Percent(8)) {
      Add(EventKind::kSetStaleness, Pick<int64_t>({0, 3 * kSecond, 10 * kMinute, kHour, 24 * kHour}));
    }
    if (Percent(25)) Add(EventKind::kAdvanceToStale, Between(-1, 1));
    // With shuffled ties every fresh query tells which of the possible orders was taken.
    if (options_.shuffled_ties || Percent(60)) Add(EventKind::kQuery);
  }

  // A low number for the key of the last DELETE, just before, at or just after the DELETE is forgotten.
  void AddLateForDelete() {
    if (!last_delete_) return;
    Add(EventKind::kAdvanceToForget, Between(-1, 1));
    Row row{.operation = Operation::kUpsert, .key = *last_delete_, .sequence = "0", .value = ++value_};
    if (numbering_ == Numbering::kNone) row.sequence.reset();
    history_.events.push_back({.kind = EventKind::kAppend, .rows = {row}});
    ++row_count_;
  }

  // Plain rows at one instant, a restart, and the table's first change, whose time must lie behind them all.
  void AddPlainBurst() {
    for (int i = 0; i < 3; ++i) {
      history_.events.push_back(
          {.kind = EventKind::kAppend, .rows = {MakeRow(/*plain=*/true)}, .hold_clock = true});
    }
    history_.events.push_back({.kind = EventKind::kRestart, .hold_clock = true});
    history_.events.push_back({.kind = EventKind::kAppend, .rows = {MakeRow(/*plain=*/false)}});
    row_count_ += 4;
  }

  // Several things at one instant of the clock: ingest times run ahead of it, over a restart too.
  void AddBurst() {
    const size_t first = history_.events.size();
    for (int64_t left = Between(1, 3); left > 0; --left) AddAppend();
    if (Percent(50)) Add(EventKind::kApply);
    if (Percent(30)) Add(EventKind::kRestart);
    AddAppend();
    for (size_t i = first; i + 1 < history_.events.size(); ++i) history_.events[i].hold_clock = true;
  }

  void AddAppend() {
    if (!appends_.empty() && Percent(12)) {  // delivered again
      history_.events.push_back(appends_[Between(0, static_cast<int64_t>(appends_.size()) - 1)]);
      history_.events.back().hold_clock = false;
      row_count_ += static_cast<int>(history_.events.back().rows.size());
      return;
    }
    Event event{.kind = EventKind::kAppend};
    const bool plain = Percent(plain_percent_);
    std::map<Key, int> rows_of_key;
    for (int64_t left = Between(1, 5); left > 0; --left) {
      Row row = MakeRow(plain);
      if (options_.shuffled_ties && ++rows_of_key[row.key] > 3) continue;
      event.rows.push_back(std::move(row));
    }
    row_count_ += static_cast<int>(event.rows.size());
    appends_.push_back(event);
    history_.events.push_back(std::move(event));
  }

  Row MakeRow(bool plain) {
    Row row;
    row.key = keys_[Between(0, key_count_ - 1)];
    row.operation = plain                      ? Operation::kPlain
                    : Percent(delete_percent_) ? Operation::kDelete
                                               : Operation::kUpsert;
    if (row.operation != Operation::kPlain) row.sequence = MakeSequence();
    if (row.operation == Operation::kDelete) {
      last_delete_ = row.key;
    } else {
      row.value = ++value_;
      if (Percent(70)) row.note = absl::StrCat("note ", value_);
    }
    return row;
  }

  std::optional<std::string> MakeSequence() {
    if (numbering_ == Numbering::kNone || (numbering_ == Numbering::kMixed && Percent(30)))
      return std::nullopt;
    if (numbering_ != Numbering::kRising) return kSequences[Between(0, std::size(kSequences) - 1)];
    next_sequence_ += Between(0, 3);
    const int64_t number =
        std::max<int64_t>(0, Percent(20) ? next_sequence_ - Between(0, 20) : next_sequence_);
    return absl::StrCat("18F2EBB6480/", absl::Hex(number));
  }

  std::mt19937_64 random_;
  const HistoryOptions options_;
  History history_;
  Numbering numbering_ = Numbering::kPool;
  int64_t key_count_ = 1;
  int plain_percent_ = 0;
  int delete_percent_ = 0;
  std::vector<Key> keys_;
  std::vector<Event> appends_;
  std::optional<Key> last_delete_;
  int row_count_ = 0;
  int64_t value_ = 0;
  int64_t next_sequence_ = 0;
};

std::string PrintRow(const Row& row) {
  constexpr const char* kNames[] = {"PLAIN", "UPSERT", "DELETE"};
  return absl::StrCat(kNames[static_cast<int>(row.operation)], "(",
                      row.key.id ? absl::StrCat(*row.key.id) : "NULL", ",", row.key.region.value_or("NULL"),
                      ") seq=", row.sequence.value_or("-"), " value=", row.value,
                      row.note ? "" : " note=NULL");
}

}  // namespace

History MakeHistory(uint64_t seed, const HistoryOptions& options) { return Maker(seed, options).Make(); }

std::string Print(const History& history) {
  constexpr const char* kShapes[] = {"id", "id, region", "region, id"};
  constexpr const char* kKinds[] = {"append",
                                    "advance",
                                    "advance to the staleness edge",
                                    "advance to 48 h after the last DELETE",
                                    "apply",
                                    "restart",
                                    "query",
                                    "set staleness"};
  std::string text = absl::StrCat("seed ", history.seed, ", key (", kShapes[static_cast<int>(history.shape)],
                                  "), max_staleness ", history.staleness_micros, " us\n");
  for (const Event& event : history.events) {
    absl::StrAppend(&text, "  ", kKinds[static_cast<int>(event.kind)]);
    if (event.kind == EventKind::kAppend) {
      absl::StrAppend(&text, " ", absl::StrJoin(event.rows, "; ", [](std::string* out, const Row& row) {
        out->append(PrintRow(row));
      }));
    } else if (event.micros != 0) {
      absl::StrAppend(&text, " ", event.micros, " us");
    }
    absl::StrAppend(&text, event.hold_clock ? " (the clock stands)\n" : "\n");
  }
  return text;
}

}  // namespace bqcdc::oracle
