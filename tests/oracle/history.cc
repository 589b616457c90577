#include "tests/oracle/history.h"

#include <algorithm>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/oracle/random_table.h"

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
    if (Percent(options_.typed_percent)) MakeTypedTable();
    altered_ = Percent(options_.altered_percent);
    if (Percent(options_.killed_percent)) kill_at_row_ = Between(0, options_.changes_min * 2 / 3);
    numbering_ = Pick({Numbering::kPool, Numbering::kPool, Numbering::kPool, Numbering::kRising,
                       Numbering::kRising, Numbering::kNone, Numbering::kMixed});
    key_count_ = Between(1, options_.keys_max);
    plain_percent_ = Pick({0, 0, 15, 30});
    delete_percent_ = Pick({15, 30, 50});
    IsTyped(history_.shape) ? MakeTypedKeys() : MakeKeys();
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

  void MakeTypedTable() {
    history_.shape = Pick({Shape::kTyped, Shape::kReversedTyped});
    history_.key_columns = RandomKeyColumns(random_);
    for (int64_t left = Between(1, 5); left > 0; --left)
      history_.columns.push_back(RandomColumn(random_, NewColumnName()));
    columns_ = history_.columns;
  }

  std::string NewColumnName() { return absl::StrCat("c", column_names_++); }

  // Two values of a key column; where it is easy, two that a careless comparison takes for one.
  std::pair<Value, Value> TwoValues(const schema::Column& column) {
    const bool text = column.type == schema::ColumnType::kString || column.type == schema::ColumnType::kBytes;
    if (text && column.max_length.value_or(3) >= 3 && Percent(70)) return {Scalar("x"), Scalar("x\1x")};
    const Value first = RandomValue(random_, column);
    Value second = first;
    if (column.picoseconds() && !first.text.starts_with('-') && !first.null && Percent(60)) {
      second.text.back() = second.text.ends_with('0') ? '1' : '0';
      return {first, second};
    }
    while (second == first) second = RandomValue(random_, column);
    return {first, second};
  }

  // Most keys differ from another one in a single column.
  void MakeTypedKeys() {
    std::vector<std::pair<Value, Value>> values;
    for (const schema::Column& column : history_.key_columns) values.push_back(TwoValues(column));
    const int64_t columns = static_cast<int64_t>(values.size());
    for (int64_t i = 0; i < key_count_; ++i) {
      Key key;
      for (const auto& [first, second] : values) key.parts.push_back(first);
      const auto flip = [&](int64_t column) { key.parts[column] = values[column].second; };
      if (i > 0) flip((i - 1) % columns);
      if (i > columns) flip(Between(0, columns - 1));
      keys_.push_back(std::move(key));
    }
  }

  void Add(EventKind kind, int64_t micros = 0) {
    history_.events.push_back({.kind = kind, .micros = micros});
  }

  void AddEvents() {
    if (kill_at_row_ && row_count_ >= *kill_at_row_) AddKill();
    if (altered_ && Percent(20)) AddAlter();
    if (Percent(10)) AddBurst();
    AddAppend();
    const int64_t dice = Between(1, 100);
    if (dice <= 25)
      Add(EventKind::kAdvance, Pick<int64_t>({1, 7, 500, kSecond, kMinute, 5 * kMinute, 20 * kMinute}));
    if (dice > 25 && dice <= 33)
      Add(EventKind::kAdvance, Pick<int64_t>({kHour, 20 * kHour, 47 * kHour, 49 * kHour}));
    if (dice > 33 && dice <= 50) AddLateForDelete();
    if (Percent(30)) Add(EventKind::kApply);
    if (Percent(1)) Add(EventKind::kRestart);
    if (!options_.shuffled_ties && Percent(8)) {
      Add(EventKind::kSetStaleness, Pick<int64_t>({0, 3 * kSecond, 10 * kMinute, kHour, 24 * kHour}));
    }
    if (Percent(25)) Add(EventKind::kAdvanceToStale, Between(-1, 1));
    // With shuffled ties every fresh query tells which of the possible orders was taken.
    if (options_.shuffled_ties || Percent(60)) Add(EventKind::kQuery);
  }

  void AddKill() {
    kill_at_row_.reset();
    Event kill{.kind = EventKind::kKill,
               .micros = Pick<int64_t>({0, 200, Between(0, 1000), Between(0, 4000)})};
    const bool hits_apply = Percent(50);
    if (hits_apply) kill.micros = Between(0, 10'000);
    kill.acknowledged = hits_apply ? 1 : static_cast<int>(Between(0, 8));
    history_.events.push_back(std::move(kill));
    if (!hits_apply) return;
    AddAppend();
    Add(EventKind::kApply);
  }

  void AddAlter() {
    std::optional<SchemaChange> change;
    if (columns_.empty() || Percent(35)) {
      schema::Column column =
          RandomColumn(random_, dropped_.empty() || Percent(50) ? NewColumnName() : dropped_);
      if (column.name == dropped_) dropped_.clear();
      if (column.required()) column.mode = schema::ColumnMode::kNullable;  // as the service wants it
      change = SchemaChange{.after = std::move(column)};
    } else {
      change = RandomChange(random_, columns_[Between(0, static_cast<int64_t>(columns_.size()) - 1)]);
    }
    if (!change) return;
    if (!change->after) dropped_ = change->before->name;
    Adapt(*change, columns_);
    for (Event& append : appends_) {
      for (Row& row : append.rows) Adapt(*change, row.cells);
    }
    history_.events.push_back({.kind = EventKind::kAlter, .change = std::move(change)});
    if (last_delete_ && Percent(40)) AppendLate();  // deletes are remembered
  }

  // A low number for the key of the last DELETE, just before, at or just after the DELETE is forgotten.
  void AddLateForDelete() {
    if (!last_delete_) return;
    Add(EventKind::kAdvanceToForget, Between(-1, 1));
    AppendLate();
  }

  void AppendLate() {
    Row row{.operation = Operation::kUpsert, .key = *last_delete_, .sequence = "0", .value = ++value_};
    if (numbering_ == Numbering::kNone) row.sequence.reset();
    FillCells(row);
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
    if (Percent(15)) Add(EventKind::kRestart);
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
    // All orders of a key's rows are tried: of seven there would be 5,040, each from every order before.
    std::map<Key, int> rows_of_key;
    for (int64_t left = Between(1, 7); left > 0; --left) {
      Row row = MakeRow(plain);
      const Key key = history_.shape == Shape::kSingleKey ? Key{.id = row.key.id} : row.key;
      if (options_.shuffled_ties && ++rows_of_key[key] > 3) continue;
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
      if (!IsTyped(history_.shape) && Percent(70)) row.note = absl::StrCat("note ", value_);
      FillCells(row);
    }
    return row;
  }

  void FillCells(Row& row) {
    for (const schema::Column& column : columns_) row.cells[column.name] = RandomValue(random_, column);
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
  bool altered_ = false;
  std::optional<int64_t> kill_at_row_;
  std::vector<schema::Column> columns_;  // as they are by now
  std::string dropped_;                  // the name of a column that is gone
  int column_names_ = 0;
  std::vector<Key> keys_;
  std::vector<Event> appends_;
  std::optional<Key> last_delete_;
  int row_count_ = 0;
  int64_t value_ = 0;
  int64_t next_sequence_ = 0;
};

std::string PrintRow(const Row& row) {
  constexpr const char* kNames[] = {"PLAIN", "UPSERT", "DELETE"};
  return absl::StrCat(kNames[static_cast<int>(row.operation)], "(", Print(row.key),
                      ") seq=", row.sequence.value_or("-"), " value=", row.value,
                      row.note ? "" : " note=NULL", row.cells.empty() ? "" : " ", Print(row.cells));
}

std::string PrintColumns(const std::vector<schema::Column>& columns) {
  return absl::StrJoin(columns, ", ", [](std::string* out, const schema::Column& column) {
    absl::StrAppend(out, column.name, " ", schema::SqlType(column), column.required() ? " NOT NULL" : "");
  });
}

}  // namespace

History MakeHistory(uint64_t seed, const HistoryOptions& options) { return Maker(seed, options).Make(); }

std::string Print(const Key& key) {
  if (key.parts.empty())
    return absl::StrCat(key.id ? absl::StrCat(*key.id) : "NULL", ",", key.region.value_or("NULL"));
  return absl::StrJoin(key.parts, ",", [](std::string* out, const Value& part) { out->append(Print(part)); });
}

std::string Print(const History& history) {
  constexpr const char* kShapes[] = {"id", "id, region", "region, id", "k0, …", "…, k0"};
  constexpr const char* kKinds[] = {"append",
                                    "advance",
                                    "advance to the staleness edge",
                                    "advance to 48 h after the last DELETE",
                                    "apply",
                                    "restart",
                                    "query",
                                    "set staleness",
                                    "alter:",
                                    "killed"};
  std::string text = absl::StrCat("seed ", history.seed, ", key (", kShapes[static_cast<int>(history.shape)],
                                  "), max_staleness ", history.staleness_micros, " us\n");
  if (IsTyped(history.shape)) absl::StrAppend(&text, "  key: ", PrintColumns(history.key_columns), "\n");
  if (!history.columns.empty()) absl::StrAppend(&text, "  columns: ", PrintColumns(history.columns), "\n");
  for (const Event& event : history.events) {
    absl::StrAppend(&text, "  ", kKinds[static_cast<int>(event.kind)]);
    if (event.kind == EventKind::kAppend) {
      absl::StrAppend(&text, " ", absl::StrJoin(event.rows, "; ", [](std::string* out, const Row& row) {
        out->append(PrintRow(row));
      }));
    } else if (event.kind == EventKind::kAlter) {
      absl::StrAppend(&text, " ", Print(*event.change));
    } else if (event.kind == EventKind::kKill) {
      absl::StrAppend(&text, " ", event.micros, " us after the next ", event.acknowledged, " events");
    } else if (event.micros != 0) {
      absl::StrAppend(&text, " ", event.micros, " us");
    }
    absl::StrAppend(&text, event.hold_clock ? " (the clock stands)\n" : "\n");
  }
  return text;
}

}  // namespace bqcdc::oracle
