#include "tests/oracle/replay.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::oracle {
namespace {

namespace engine = bqcdc::emulator::engine;
namespace catalog = bqcdc::emulator::catalog;

constexpr int64_t kForgetMicros = 48LL * 3600 * 1'000'000;
constexpr const char* kProject = "oracle";
constexpr const char* kDataset = "histories";

std::vector<schema::Column> Columns() {
  std::vector<schema::Column> columns(4);
  columns[0].name = "id";
  columns[0].type = schema::ColumnType::kInt64;
  columns[1].name = "region";
  columns[1].type = schema::ColumnType::kString;
  columns[2].name = "value";
  columns[2].type = schema::ColumnType::kInt64;
  columns[3].name = "note";
  columns[3].type = schema::ColumnType::kString;
  return columns;
}

std::vector<std::string> KeyColumns(Shape shape) {
  switch (shape) {
    case Shape::kSingleKey:
      return {"id"};
    case Shape::kCompositeKey:
      return {"id", "region"};
    case Shape::kReversedCompositeKey:
      return {"region", "id"};
  }
  return {};
}

void SetText(engine::VectorWriter writer, size_t row, const std::optional<std::string>& text) {
  text ? writer.SetBytes(row, *text) : writer.SetNull(row);
}

engine::Chunk MakeChunk(const std::vector<Row>& rows) {
  const auto columns = Columns();
  engine::Chunk chunk(columns, /*change_columns=*/true);
  const auto change_column = [&](engine::ChangeColumn column) {
    return chunk.Writer(columns.size() + static_cast<size_t>(column));
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    row.key.id ? chunk.Writer(0).SetInt64(i, *row.key.id) : chunk.Writer(0).SetNull(i);
    SetText(chunk.Writer(1), i, row.key.region);
    const bool is_delete = row.operation == Operation::kDelete;
    is_delete ? chunk.Writer(2).SetNull(i) : chunk.Writer(2).SetInt64(i, row.value);
    SetText(chunk.Writer(3), i, row.note);
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

std::string PrintView(const View& view) {
  return absl::StrCat("{",
                      absl::StrJoin(view, ", ",
                                    [](std::string* out, const VisibleRow& row) {
                                      absl::StrAppend(out, "(",
                                                      row.key.id ? absl::StrCat(*row.key.id) : "NULL", ",",
                                                      row.key.region.value_or("NULL"), ",", row.value,
                                                      row.note ? "" : ",NULL", ")");
                                    }),
                      "}");
}

std::string PrintTime(std::optional<int64_t> micros) { return micros ? absl::StrCat(*micros) : "NULL"; }

}  // namespace

struct Replayer::Story {
  History history;
  CdcOracle oracle;
  catalog::Table table;
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
  table.schema.columns = Columns();
  table.schema.primary_key = KeyColumns(story.history.shape);
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
  Story story{history, CdcOracle(history.shape, history.staleness_micros, oracle_options), {}};
  BQCDC_RETURN_IF_ERROR(CreateTable(story));
  std::optional<std::string> difference;
  for (size_t i = 0; i < history.events.size() && !difference; ++i) {
    BQCDC_ASSIGN_OR_RETURN(difference, Live(story, history.events[i]));
    if (difference) *difference = absl::StrCat("at event ", i + 1, ": ", *difference);
    StepClock(history.events[i]);
  }
  // The end state as a fresh merge, and once more after an apply, and for every fourth table after a restart.
  for (EventKind kind : {EventKind::kSetStaleness, EventKind::kQuery, EventKind::kRestart, EventKind::kQuery,
                         EventKind::kApply, EventKind::kQuery}) {
    if (difference) break;
    if (kind == EventKind::kRestart && tables_made_ % 4 != 0) continue;
    BQCDC_ASSIGN_OR_RETURN(difference, Live(story, Event{.kind = kind}));
    if (difference) *difference = absl::StrCat("at the end: ", *difference);
    StepClock({});
  }
  counters_.Add(story.oracle.counters());
  BQCDC_RETURN_IF_ERROR(database_->DropTable(story.table.id));
  return difference;
}

// No two events at one instant, so that every edge is met exactly; after a burst the clock overtakes the
// ingest times.
void Replayer::StepClock(const Event& event) {
  if (!event.hold_clock) clock_.Advance(absl::Microseconds(clock_held_ ? 100 : 1));
  clock_held_ = event.hold_clock;
}

void Replayer::AdvanceTo(int64_t micros) {
  if (micros > now()) clock_.Set(absl::FromUnixMicros(micros));
}

absl::StatusOr<std::optional<std::string>> Replayer::Live(Story& story, const Event& event) {
  CdcOracle& oracle = story.oracle;
  switch (event.kind) {
    case EventKind::kAppend:
      BQCDC_RETURN_IF_ERROR(Append(story, event.rows));
      return CheckWatermark(story);
    case EventKind::kAdvance:
      AdvanceTo(now() + event.micros);
      break;
    case EventKind::kAdvanceToStale:
      if (oracle.watermark()) AdvanceTo(*oracle.watermark() + oracle.staleness_micros() + event.micros);
      return CheckView(story);
    case EventKind::kAdvanceToForget:
      if (oracle.last_delete()) AdvanceTo(*oracle.last_delete() + kForgetMicros + event.micros - 1);
      break;  // - 1: every event is followed by a step of 1 us
    case EventKind::kApply:
      BQCDC_RETURN_IF_ERROR(database_->Apply(story.table.id));
      last_ingest_ = std::max(now(), last_ingest_);
      oracle.Apply(last_ingest_);
      return CheckWatermark(story);
    case EventKind::kRestart:
      database_.reset();
      ++oracle.counters().restarts;
      BQCDC_RETURN_IF_ERROR(Open());
      return CheckWatermark(story);
    case EventKind::kQuery:
      return CheckView(story);
    case EventKind::kSetStaleness: {
      oracle.SetStaleness(event.micros);
      auto changed = database_->UpdateTable(story.table.id, std::nullopt, [&](catalog::Table& table) {
        table.max_staleness_us = event.micros;
        return absl::OkStatus();
      });
      BQCDC_RETURN_IF_ERROR(changed.status());
      break;
    }
  }
  return std::nullopt;
}

absl::Status Replayer::Append(Story& story, const std::vector<Row>& rows) {
  engine::AppendBatch batch;
  batch.table_uid = story.table.uid;
  batch.schema_version = story.table.schema_version;
  batch.chunks.push_back(MakeChunk(rows));
  batch.bytes = static_cast<int64_t>(rows.size()) * 64;
  absl::Status result;
  absl::Notification done;
  database_->Append(std::move(batch), [&](absl::Status status) {
    result = std::move(status);
    done.Notify();
  });
  done.WaitForNotification();
  if (!result.ok()) return result;
  last_ingest_ = std::max(now(), last_ingest_ + 1);
  story.oracle.Append(rows, last_ingest_);
  return absl::OkStatus();
}

absl::StatusOr<View> Replayer::Query(Story& story) {
  BQCDC_ASSIGN_OR_RETURN(auto session, database_->BeginRead());
  BQCDC_ASSIGN_OR_RETURN(catalog::Table table, session->FindTable(story.table.id));
  BQCDC_ASSIGN_OR_RETURN(std::string relation, session->RelationSql(table));
  BQCDC_ASSIGN_OR_RETURN(auto result,
                         session->Execute(absl::StrCat("SELECT id, region, value, note FROM ", relation)));
  View view;
  while (true) {
    BQCDC_ASSIGN_OR_RETURN(std::optional<engine::Chunk> chunk, result->Next());
    if (!chunk) break;
    for (size_t row = 0; row < chunk->row_count(); ++row) {
      VisibleRow visible;
      if (!chunk->Reader(0).IsNull(row)) visible.key.id = chunk->Reader(0).Int64(row);
      if (!chunk->Reader(1).IsNull(row)) visible.key.region = std::string(chunk->Reader(1).Bytes(row));
      if (!chunk->Reader(2).IsNull(row)) visible.value = chunk->Reader(2).Int64(row);
      if (!chunk->Reader(3).IsNull(row)) visible.note = std::string(chunk->Reader(3).Bytes(row));
      view.push_back(std::move(visible));
    }
  }
  std::sort(view.begin(), view.end());
  return view;
}

absl::StatusOr<std::optional<std::string>> Replayer::CheckView(Story& story) {
  BQCDC_ASSIGN_OR_RETURN(View seen, Query(story));
  const View expected = story.oracle.Expected(now());
  last_view_ = seen;
  if (story.oracle.Explains(seen, now())) return std::nullopt;
  return absl::StrCat("the engine shows ", PrintView(seen), ", right is ", PrintView(expected));
}

absl::StatusOr<std::optional<std::string>> Replayer::CheckWatermark(Story& story) {
  BQCDC_ASSIGN_OR_RETURN(std::optional<absl::Time> time, database_->Watermark(story.table.id));
  std::optional<int64_t> seen;
  if (time) seen = absl::ToUnixMicros(*time);
  if (seen == story.oracle.watermark()) return std::nullopt;
  return absl::StrCat("the engine's watermark is ", PrintTime(seen), ", right is ",
                      PrintTime(story.oracle.watermark()));
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
