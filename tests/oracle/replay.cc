#include "tests/oracle/replay.h"

#include <algorithm>
#include <filesystem>
#include <list>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/values/sequence_number.h"
#include "tests/oracle/cells.h"
#include "tests/oracle/killed_life.h"

namespace bqcdc::oracle {
namespace {

namespace engine = bqcdc::emulator::engine;
namespace catalog = bqcdc::emulator::catalog;

constexpr int64_t kForgetMicros = 48LL * 3600 * 1'000'000;
constexpr const char* kProject = "oracle";
constexpr const char* kDataset = "histories";

schema::Column MakeColumn(const char* name, schema::ColumnType type) {
  schema::Column column;
  column.name = name;
  column.type = type;
  return column;
}

schema::TableSchema MakeSchema(const History& history) {
  schema::TableSchema schema;
  const schema::Column id = MakeColumn("id", schema::ColumnType::kInt64),
                       region = MakeColumn("region", schema::ColumnType::kString),
                       value = MakeColumn("value", schema::ColumnType::kInt64),
                       note = MakeColumn("note", schema::ColumnType::kString);
  std::vector<schema::Column> fixed = {id, region, value, note};
  if (IsTyped(history.shape)) {
    fixed = history.key_columns;
    fixed.push_back(value);
  }
  // Keys stand before or behind the others.
  const bool fixed_first = history.seed % 2 == 0;
  schema.columns = fixed_first ? fixed : history.columns;
  const std::vector<schema::Column>& rest = fixed_first ? history.columns : fixed;
  schema.columns.insert(schema.columns.end(), rest.begin(), rest.end());
  for (const schema::Column& column : history.key_columns) schema.primary_key.push_back(column.name);
  if (history.shape == Shape::kReversedTyped)
    std::reverse(schema.primary_key.begin(), schema.primary_key.end());
  if (history.shape == Shape::kSingleKey) schema.primary_key = {"id"};
  if (history.shape == Shape::kCompositeKey) schema.primary_key = {"id", "region"};
  if (history.shape == Shape::kReversedCompositeKey) schema.primary_key = {"region", "id"};
  return schema;
}

// Where column `name` of a typed table stands in Key::parts.
std::optional<size_t> PartOf(const Row& row, const std::string& name) {
  size_t part = 0;
  const bool is_key = name.starts_with('k') && absl::SimpleAtoi(name.substr(1), &part);
  return is_key && part < row.key.parts.size() ? std::optional(part) : std::nullopt;
}

Value CellOf(const Row& row, const std::string& name) {
  const bool is_delete = row.operation == Operation::kDelete;
  if (name == "id") return row.key.id ? Scalar(absl::StrCat(*row.key.id)) : Value();
  if (name == "region") return row.key.region ? Scalar(*row.key.region) : Value();
  if (name == "value") return is_delete ? Value() : Scalar(absl::StrCat(row.value));
  if (name == "note") return row.note ? Scalar(*row.note) : Value();
  if (const auto part = PartOf(row, name)) return row.key.parts[*part];
  const auto cell = row.cells.find(name);
  return cell == row.cells.end() ? Value() : cell->second;
}

engine::Chunk MakeChunk(const schema::TableSchema& schema, const std::vector<Row>& rows) {
  const std::vector<schema::Column>& columns = schema.columns;
  engine::Chunk chunk(columns, /*change_columns=*/true);
  const auto change_column = [&](engine::ChangeColumn column) {
    return chunk.Writer(columns.size() + static_cast<size_t>(column));
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    for (size_t c = 0; c < columns.size(); ++c)
      WriteValue(columns[c], CellOf(row, columns[c].name), chunk.Writer(c), i);
    change_column(engine::ChangeColumn::kOperation).SetUint8(i, static_cast<uint8_t>(row.operation));
    auto high = change_column(engine::ChangeColumn::kSequenceHigh);
    auto low = change_column(engine::ChangeColumn::kSequenceLow);
    if (row.sequence) {
      const auto number = values::SequenceNumber::Parse(*row.sequence);
      high.SetUint128(i, number->high());
      low.SetUint128(i, number->low());
    } else {
      high.SetNull(i);
      low.SetNull(i);
    }
  }
  chunk.SetRowCount(rows.size());
  return chunk;
}

VisibleRow ReadRow(const schema::TableSchema& schema, const engine::Chunk& chunk, size_t row) {
  VisibleRow visible;
  for (size_t c = 0; c < schema.columns.size(); ++c) {
    const schema::Column& column = schema.columns[c];
    Value value = ReadValue(column, chunk.Reader(c), row);
    if (schema.KeyPosition(column.name) && column.name.starts_with('k')) {
      const size_t part = static_cast<size_t>(std::atoi(column.name.c_str() + 1));
      if (visible.key.parts.size() <= part) visible.key.parts.resize(part + 1);
      visible.key.parts[part] = std::move(value);
    } else if (!value.null) {
      if (column.name == "id") {
        visible.key.id = std::atoll(value.text.c_str());
      } else if (column.name == "region") {
        visible.key.region = value.text;
      } else if (column.name == "value") {
        visible.value = std::atoll(value.text.c_str());
      } else if (column.name == "note") {
        visible.note = value.text;
      } else {
        visible.cells.emplace(column.name, std::move(value));
      }
    }
  }
  return visible;
}

// The conversions that ALTER takes from emulator/sql, which has tests of its own for them.
std::vector<engine::ScalarFunction> Conversions() {
  const auto make = [](const char* name, schema::ColumnType from, schema::ColumnType to) {
    engine::ScalarFunction function;
    function.name = name;
    function.parameters = {MakeColumn("", from)};
    function.result = MakeColumn("", to);
    function.evaluate = [from = function.parameters[0], to = function.result](
                            const std::vector<engine::VectorReader>& arguments, size_t rows,
                            engine::VectorWriter result) {
      const SchemaChange change{.before = from, .after = to};
      for (size_t row = 0; row < rows; ++row) {
        Cells cells = {{"", ReadValue(from, arguments[0], row)}};
        Adapt(change, cells);
        WriteValue(to, cells[""], result, row);
      }
      return absl::OkStatus();
    };
    return function;
  };
  using schema::ColumnType;
  return {make("bq_int64_to_bignumeric", ColumnType::kInt64, ColumnType::kBigNumeric),
          make("bq_numeric_to_bignumeric", ColumnType::kNumeric, ColumnType::kBigNumeric),
          make("bq_numeric_to_float64", ColumnType::kNumeric, ColumnType::kFloat64)};
}

std::string PrintView(const View& view) {
  return absl::StrCat("{",
                      absl::StrJoin(view, ", ",
                                    [](std::string* out, const VisibleRow& row) {
                                      absl::StrAppend(out, "(", Print(row.key), ",", row.value,
                                                      row.note || !row.key.parts.empty() ? "" : ",NULL",
                                                      row.cells.empty() ? "" : " ", Print(row.cells), ")");
                                    }),
                      "}");
}

std::string PrintTime(std::optional<int64_t> micros) { return micros ? absl::StrCat(*micros) : "NULL"; }

}  // namespace

struct Replayer::Story {
  History history;
  // What may have happened; several after a kill, until a look at the engine tells.
  std::list<CdcOracle> oracles;
  catalog::Table table;

  CdcOracle& oracle() { return oracles.front(); }
  const CdcOracle& oracle() const { return oracles.front(); }
};

Replayer::Replayer(ReplayOptions options) : options_(options), clock_(absl::FromUnixSeconds(1'767'225'600)) {
  // In memory where that is possible: semantics are judged here, durability elsewhere.
  std::error_code missing;
  const std::filesystem::path shared_memory = "/dev/shm";
  const bool in_memory = std::filesystem::is_directory(shared_memory, missing);
  std::string pattern =
      ((in_memory ? shared_memory : std::filesystem::temp_directory_path()) / "bqcdc-oracle-XXXXXX").string();
  if (mkdtemp(pattern.data()) != nullptr) directory_ = pattern;
}

Replayer::~Replayer() {
  database_.reset();
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

absl::Status Replayer::Open() {
  engine::DatabaseOptions options;
  options.data_dir = directory_;
  options.cdc = options_.cdc;
  options.background_apply = options_.background_apply;
  options.query_threads = 1;  // the tables are tiny
  BQCDC_ASSIGN_OR_RETURN(database_, engine::Database::Open(options, &clock_));
  return absl::OkStatus();
}

absl::Status Replayer::CreateTable(Story& story) {
  if (tables_made_ == 0) {
    catalog::Dataset dataset;
    dataset.id = {kProject, kDataset};
    BQCDC_RETURN_IF_ERROR(database_->CreateDataset(dataset));
  }
  catalog::Table table;
  table.id = {kProject, kDataset, absl::StrCat("history_", ++tables_made_)};
  table.schema = MakeSchema(story.history);
  table.max_staleness_us = story.history.staleness_micros;
  BQCDC_ASSIGN_OR_RETURN(story.table, database_->CreateTable(table, /*replace=*/false));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> Replayer::Run(const History& history) {
  if (database_ == nullptr) BQCDC_RETURN_IF_ERROR(Open());
  CdcOracle::Options oracle_options{.ties_shuffled = options_.cdc.shuffle_ties};
  if (options_.cdc.forget_sequences_after > absl::ZeroDuration()) {
    oracle_options.forget_sequences_after_micros =
        absl::ToInt64Microseconds(options_.cdc.forget_sequences_after);
  }
  Story story{history, {}, {}};
  story.oracles.emplace_back(history.shape, history.staleness_micros, oracle_options);
  events_until_kill_.reset();
  BQCDC_RETURN_IF_ERROR(CreateTable(story));
  std::optional<std::string> difference;
  for (size_t i = 0; i < history.events.size() && !difference;) {
    const Event& event = history.events[i++];
    if (event.kind == EventKind::kKill) {
      BQCDC_ASSIGN_OR_RETURN(difference, LiveUntilKilled(story, event, i));
    } else {
      BQCDC_ASSIGN_OR_RETURN(difference, Live(story, event));
      StepClock(event);
    }
    if (difference) *difference = absl::StrCat("at event ", i, ": ", *difference);
  }
  // The end state as a fresh merge, and once more after an apply, and for every eighth table after a restart.
  for (EventKind kind : {EventKind::kSetStaleness, EventKind::kQuery, EventKind::kRestart, EventKind::kQuery,
                         EventKind::kApply, EventKind::kQuery}) {
    if (difference) break;
    if (kind == EventKind::kRestart && tables_made_ % 8 != 0) continue;
    BQCDC_ASSIGN_OR_RETURN(difference, Live(story, Event{.kind = kind}));
    if (difference) *difference = absl::StrCat("at the end: ", *difference);
    StepClock({});
  }
  counters_.Add(story.oracle().counters());
  BQCDC_RETURN_IF_ERROR(database_->DropTable(story.table.id));
  return difference;
}

// No two events at one instant, so that every edge is met exactly; after a burst the clock overtakes the
// ingest times. A restart takes time: views and applies of nothing are not stored, so that one that stood at
// the same instant could be followed by a request at it.
void Replayer::StepClock(const Event& event) {
  if (event.hold_clock && event.kind == EventKind::kRestart) clock_.Advance(absl::Microseconds(1));
  if (!event.hold_clock) clock_.Advance(absl::Microseconds(clock_held_ ? 100 : 1));
  clock_held_ = event.hold_clock;
}

void Replayer::AdvanceTo(int64_t micros) {
  if (micros > now()) clock_.Set(absl::FromUnixMicros(micros));
}

void Replayer::MoveClock(const Story& story, const Event& event) {
  const CdcOracle& oracle = story.oracle();
  if (event.kind == EventKind::kAdvance) AdvanceTo(now() + event.micros);
  if (event.kind == EventKind::kAdvanceToStale && oracle.watermark())
    AdvanceTo(*oracle.watermark() + oracle.staleness_micros() + event.micros);
  if (event.kind == EventKind::kAdvanceToForget && oracle.last_delete())
    AdvanceTo(*oracle.last_delete() + kForgetMicros + event.micros - 1);  // every event takes 1 us
}

absl::Status Replayer::Act(Story& story, const Event& event) {
  switch (event.kind) {
    case EventKind::kAppend:
      return Append(story, event.rows);
    case EventKind::kApply:
      return database_->Apply(story.table.id);
    case EventKind::kAlter:
      return Alter(story, *event.change);
    case EventKind::kSetStaleness:
      return SetStaleness(story, event.micros);
    case EventKind::kRestart:
      database_.reset();
      return Open();
    default:
      return absl::OkStatus();
  }
}

void Replayer::Remember(Story& story, const Event& event) {
  if (event.kind == EventKind::kAppend) last_ingest_ = std::max(now(), last_ingest_ + 1);
  if (event.kind == EventKind::kApply || event.kind == EventKind::kAlter)
    last_ingest_ = std::max(now(), last_ingest_);
  for (CdcOracle& oracle : story.oracles) {
    if (event.kind == EventKind::kAppend) oracle.Append(event.rows, last_ingest_);
    if (event.kind == EventKind::kApply) oracle.Apply(last_ingest_);
    if (event.kind == EventKind::kAlter) oracle.Alter(*event.change, last_ingest_);
    if (event.kind == EventKind::kSetStaleness) oracle.SetStaleness(event.micros);
    if (event.kind == EventKind::kRestart) ++oracle.counters().restarts;
  }
}

absl::StatusOr<std::optional<std::string>> Replayer::Live(Story& story, const Event& event) {
  MoveClock(story, event);
  BQCDC_RETURN_IF_ERROR(Act(story, event));
  Remember(story, event);
  switch (event.kind) {
    case EventKind::kAppend:
    case EventKind::kApply:
    case EventKind::kAlter:
    case EventKind::kRestart:
      return CheckWatermark(story);
    case EventKind::kAdvanceToStale:
    case EventKind::kQuery:
      return CheckView(story);
    default:
      return std::nullopt;
  }
}

absl::StatusOr<std::optional<std::string>> Replayer::LiveUntilKilled(Story& story, const Event& kill,
                                                                     size_t& next) {
  database_.reset();  // its threads do not come along
  const auto live = [&](size_t index) -> absl::StatusOr<std::optional<std::string>> {
    if (database_ == nullptr) BQCDC_RETURN_IF_ERROR(Open());
    const Event& event = story.history.events[next + index];
    BQCDC_ASSIGN_OR_RETURN(auto difference, Live(story, event));
    StepClock(event);
    return difference;
  };
  BQCDC_ASSIGN_OR_RETURN(const KilledLife life,
                         RunAndKill(live, story.history.events.size() - next, kill.acknowledged,
                                    absl::Microseconds(kill.micros)));
  events_until_kill_ = life.done;
  if (life.failure) return absl::StrCat("event ", life.done + 1, " after the restart: ", *life.failure);
  return GoOnAfterKill(story, life.done, next);
}

absl::StatusOr<std::optional<std::string>> Replayer::GoOnAfterKill(Story& story, size_t done, size_t& next) {
  const std::vector<Event>& events = story.history.events;
  int64_t schema_version = story.table.schema_version;
  for (const size_t end = next + done; next < end; ++next) {
    MoveClock(story, events[next]);
    Remember(story, events[next]);
    StepClock(events[next]);
    schema_version += events[next].kind == EventKind::kAlter;
  }
  ++story.oracle().counters().kills;
  const EventKind kind = next < events.size() ? events[next].kind : EventKind::kQuery;
  const bool alters = kind == EventKind::kAlter;
  const bool resets = kind == EventKind::kSetStaleness;
  const bool in_doubt = kind == EventKind::kAppend || kind == EventKind::kApply || alters || resets;
  story.oracle().counters().kills_in_doubt += in_doubt;
  std::list<CdcOracle> not_happened = story.oracles;
  if (in_doubt) {
    MoveClock(story, events[next]);
    Remember(story, events[next]);
    if (alters) {  // the apply that comes first may have happened alone
      std::list<CdcOracle> applied = not_happened;
      for (CdcOracle& oracle : applied) oracle.Apply(last_ingest_);
      not_happened.splice(not_happened.end(), applied);
    }
  }
  // Ingest times may have run ahead of the clock.
  clock_.Advance(absl::Microseconds(100));
  clock_held_ = false;
  BQCDC_RETURN_IF_ERROR(Open());
  BQCDC_ASSIGN_OR_RETURN(story.table, database_->GetTable(story.table.id));
  if (in_doubt) {
    // Of changes of the table the catalog knows; what did not happen is done now.
    const bool known = alters || resets;
    const bool is_done = alters   ? story.table.schema_version > schema_version
                         : resets ? story.table.max_staleness_us == events[next].micros
                                  : true;
    if (!is_done) story.oracles.clear();
    if (!known || !is_done) story.oracles.splice(story.oracles.end(), not_happened);
    next += is_done;
  }
  return CheckWatermark(story);
}

absl::Status Replayer::Append(Story& story, const std::vector<Row>& rows) {
  engine::AppendBatch batch;
  batch.table_uid = story.table.uid;
  batch.schema_version = story.table.schema_version;
  batch.chunks.push_back(MakeChunk(story.table.schema, rows));
  batch.bytes = static_cast<int64_t>(rows.size()) * 64;
  absl::Status result;
  absl::Notification done;
  database_->Append(std::move(batch), [&](absl::Status status) {
    result = std::move(status);
    done.Notify();
  });
  done.WaitForNotification();
  return result;
}

absl::Status Replayer::Alter(Story& story, const SchemaChange& change) {
  BQCDC_RETURN_IF_ERROR(database_->RegisterFunctions(Conversions()));
  const auto alter = [&](catalog::Table& table) {
    Adapt(change, table.schema.columns);
    return absl::OkStatus();
  };
  BQCDC_ASSIGN_OR_RETURN(story.table, database_->UpdateTable(story.table.id, std::nullopt, alter,
                                                             engine::ColumnDrops::kAllowed));
  return absl::OkStatus();
}

absl::Status Replayer::SetStaleness(Story& story, int64_t micros) {
  const auto set = [&](catalog::Table& table) {
    table.max_staleness_us = micros;
    return absl::OkStatus();
  };
  return database_->UpdateTable(story.table.id, std::nullopt, set).status();
}

absl::StatusOr<View> Replayer::Query(Story& story) {
  BQCDC_ASSIGN_OR_RETURN(auto session, database_->BeginRead());
  BQCDC_ASSIGN_OR_RETURN(catalog::Table table, session->FindTable(story.table.id));
  BQCDC_ASSIGN_OR_RETURN(std::string relation, session->RelationSql(table));
  BQCDC_ASSIGN_OR_RETURN(auto result, session->Execute(absl::StrCat("SELECT * FROM ", relation)));
  View view;
  while (true) {
    BQCDC_ASSIGN_OR_RETURN(std::optional<engine::Chunk> chunk, result->Next());
    if (!chunk) break;
    for (size_t row = 0; row < chunk->row_count(); ++row) view.push_back(ReadRow(table.schema, *chunk, row));
  }
  std::sort(view.begin(), view.end());
  return view;
}

absl::StatusOr<std::optional<std::string>> Replayer::CheckView(Story& story) {
  BQCDC_ASSIGN_OR_RETURN(last_view_, Query(story));
  const View expected = story.oracle().Expected(now());
  std::erase_if(story.oracles, [&](CdcOracle& oracle) { return !oracle.Explains(last_view_, now()); });
  if (!story.oracles.empty()) return std::nullopt;
  return absl::StrCat("the engine shows ", PrintView(last_view_), ", right is ", PrintView(expected));
}

absl::StatusOr<std::optional<std::string>> Replayer::CheckWatermark(Story& story) {
  BQCDC_ASSIGN_OR_RETURN(std::optional<absl::Time> time, database_->Watermark(story.table.id));
  std::optional<int64_t> seen;
  if (time) seen = absl::ToUnixMicros(*time);
  const std::optional<int64_t> expected = story.oracle().watermark();
  std::erase_if(story.oracles, [&](const CdcOracle& oracle) { return oracle.watermark() != seen; });
  if (!story.oracles.empty()) return std::nullopt;
  return absl::StrCat("the engine's watermark is ", PrintTime(seen), ", right is ", PrintTime(expected));
}

History Shrink(History history, const ReplayOptions& options) {
  const auto fails = [&](const History& candidate) {
    Replayer replayer(options);
    auto difference = replayer.Run(candidate);
    return !difference.ok() || difference->has_value();
  };
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (size_t count = std::max<size_t>(1, history.events.size() / 2); count > 0; count /= 2) {
      for (size_t start = 0; start + count <= history.events.size();) {
        // Later rows are of the columns that a change leaves.
        const auto begin = history.events.begin() + start;
        const bool alters = std::any_of(begin, begin + count,
                                        [](const Event& event) { return event.kind == EventKind::kAlter; });
        if (alters) {
          start += count;
          continue;
        }
        History candidate = history;
        candidate.events.erase(candidate.events.begin() + start, candidate.events.begin() + start + count);
        if (fails(candidate)) {
          history = std::move(candidate);
          smaller = true;
        } else {
          start += count;
        }
      }
    }
    for (size_t event = 0; event < history.events.size(); ++event) {
      for (size_t row = 0;
           row < history.events[event].rows.size() && history.events[event].rows.size() > 1;) {
        History candidate = history;
        candidate.events[event].rows.erase(candidate.events[event].rows.begin() + row);
        if (fails(candidate)) {
          history = std::move(candidate);
          smaller = true;
        } else {
          ++row;
        }
      }
    }
  }
  return history;
}

}  // namespace bqcdc::oracle
