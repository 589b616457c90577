#include "bqcdc/emulator/engine/applier.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/numeric/int128.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/spare_core.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/base/thread_class.h"
#include "bqcdc/emulator/cdc/mutant.h"
#include "bqcdc/emulator/engine/folding.h"
#include "bqcdc/emulator/engine/limits.h"
#include "bqcdc/emulator/engine/partition_expiry.h"
#include "bqcdc/emulator/engine/relation_sql.h"
#include "bqcdc/emulator/engine/storage_type.h"

namespace bqcdc::emulator::engine {
namespace {

using cdc::Mutant;
using cdc::Mutated;

std::string SqlOf(std::optional<int64_t> value) { return value ? base::StrCat(*value) : "NULL"; }

std::string SqlOf(unsigned __int128 value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  return base::StrCat("'", digits, "'::UHUGEINT");
}

// The record after everything of `view` has been applied at `time_us`.
ApplyRecord NextRecord(const PendingView& view, const FoldedView* folded, int64_t time_us, bool active) {
  ApplyRecord record = view.record;
  record.applied_ordinal = view.last_ordinal();
  record.applied_us = time_us;
  if (active && record.watermark_us && !Mutated(Mutant::kWatermarkNotMovedByApply))
    record.watermark_us = time_us;
  if (folded == nullptr) return record;
  const std::vector<uint8_t>& bits = folded->flags->bits();
  for (size_t i = 0; i < view.row_count; ++i) {
    const cdc::PendingRow& row = (*view.rows)[i];
    if (row.operation == cdc::RowOperation::kPlain) continue;
    record.last_change_us = row.ingest_us;
    if ((bits[i] & cdc::kRowTombstone) != 0) {
      record.oldest_tombstone_us =
          std::min(record.oldest_tombstone_us.value_or(row.ingest_us), row.ingest_us);
    }
    const bool won = (bits[i] & (cdc::kRowShown | cdc::kRowTombstone)) != 0;
    if (won && row.has_sequence && (!record.highest || *record.highest < row.sequence))
      record.highest = row.sequence;
  }
  return record;
}

// Rows for which the committing thread is kept out: some 0.1 ms.
constexpr size_t kRowsCarriedAtOnce = 2'000;

// A row group of DuckDB's files.
constexpr size_t kRowGroupRows = 122'880;

// Behind the SELECT of an INSERT of `rows` rows with `columns` columns. DuckDB inserts in parallel by writing
// the rows into collections of its own first, which it copies where they are not whole row groups: below that
// it takes half as long again as one thread that inserts directly. It does so where a source cannot number
// its rows, as this one that has none.
std::string InsertDirectly(size_t rows, size_t columns) {
  if (rows >= kRowGroupRows) return "";
  std::string nulls;
  for (size_t i = 0; i < columns; ++i) base::StrAppend(&nulls, nulls.empty() ? "" : ", ", "NULL");
  return base::StrCat(" UNION ALL SELECT ", nulls, " WHERE random() < 0");
}

// An UPSERT of a mutant: NULL keeps the value of the applied row.
std::string MergedColumnList(const catalog::Table& table) {
  std::string list;
  for (const schema::Column& column : table.schema.columns) {
    const std::string name = QuoteIdentifier(column.name);
    base::StrAppend(&list, list.empty() ? "" : ", ", "coalesce(d.", name, ", (SELECT any_value(b.", name,
                    ") FROM ", BaselineTable(table.uid), " AS b WHERE ", SameKey(table, "b", "d"), "))");
  }
  return list;
}

}  // namespace

std::string UpdateRecordSql(int64_t uid, const ApplyRecord& record) {
  return base::StrCat("UPDATE baseline.main.apply_record SET applied_ordinal = ", record.applied_ordinal,
                      ", applied_us = ", record.applied_us, ", watermark_us = ", SqlOf(record.watermark_us),
                      ", last_change_us = ", SqlOf(record.last_change_us),
                      ", highest_high = ", record.highest ? SqlOf(record.highest->high()) : "NULL",
                      ", highest_low = ", record.highest ? SqlOf(record.highest->low()) : "NULL",
                      ", oldest_tombstone_us = ", SqlOf(record.oldest_tombstone_us), " WHERE uid = ", uid);
}

void Applier::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Applier::Stop() {
  {
    absl::MutexLock lock(&wake_mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Applier::Wake() {
  absl::MutexLock lock(&wake_mutex_);
  wake_ = true;
}

void Applier::Loop() {
  base::SetThreadClass(base::ThreadClass::kComputes);
  base::SpareOneCore();
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  int64_t not_before_us = 0;
  while (true) {
    const int64_t apply_us = core_->options.background_apply ? NextDueUs() : kNever;
    const int64_t due_us = std::max(std::min(apply_us, expiry_->NextDueUs()), not_before_us);
    {
      absl::MutexLock lock(&wake_mutex_);
      core_->clock->AwaitWithDeadline(
          wake_mutex_, absl::Condition(this, &Applier::Woken),
          due_us == kNever ? absl::InfiniteFuture() : absl::FromUnixMicros(due_us));
      if (stopping_) return;
      wake_ = false;
    }
    absl::Status status = ApplyForced();
    status.Update(expiry_->DropDue());
    if (core_->options.background_apply) status.Update(RunDueTicks());
    // A disk that fails fails appends too, and those are told; queries and appends go on from the delta until
    // a later try succeeds.
    not_before_us = status.ok() ? 0 : core_->NowUs() + kApplyIntervalMinUs;
  }
}

std::optional<int64_t> Applier::DueUs(const TableState& state) const {
  if (!state.last_tick_us_) return std::nullopt;
  const catalog::Table* table = core_->catalog->FindTable(state.uid);
  if (table == nullptr) return std::nullopt;
  const int64_t staleness_us = table->max_staleness_us.value_or(0);
  if (staleness_us <= 0) return *state.last_tick_us_ + kCompactionIntervalUs;
  return *state.last_tick_us_ + std::max(staleness_us / 2, kApplyIntervalMinUs);
}

int64_t Applier::NextDueUs() {
  absl::MutexLock lock(&core_->mutex);
  int64_t next = std::numeric_limits<int64_t>::max();
  for (const auto& [uid, state] : core_->tables) {
    if (const auto due = DueUs(*state)) next = std::min(next, *due);
  }
  return next;
}

std::vector<int64_t> Applier::DueTables(bool all) {
  absl::MutexLock lock(&core_->mutex);
  const int64_t now = core_->NowUs();
  std::vector<int64_t> uids;
  for (const auto& [uid, state] : core_->tables) {
    const auto due = DueUs(*state);
    if (all || (due && *due <= now)) uids.push_back(uid);
  }
  return uids;
}

absl::Status Applier::ApplyForced() {
  {
    absl::MutexLock lock(&core_->mutex);
    if (!core_->apply_forced) return absl::OkStatus();
    core_->apply_forced = false;
  }
  return ApplyAll();
}

absl::Status Applier::RunDueTicks() {
  absl::Status status;
  for (const int64_t uid : DueTables(/*all=*/false)) status.Update(Apply(uid));
  return status;
}

absl::Status Applier::ApplyAll() {
  absl::Status status;
  for (const int64_t uid : DueTables(/*all=*/true)) status.Update(Apply(uid));
  return status;
}

absl::Status Applier::Apply(int64_t uid) {
  absl::MutexLock lock(&core_->baseline_mutex);
  return ApplyLocked(uid);
}

std::optional<Applier::Task> Applier::TakeTask(int64_t uid) {
  absl::MutexLock lock(&core_->mutex);
  const auto found = core_->tables.find(uid);
  if (found == core_->tables.end()) return std::nullopt;
  Task task;
  task.state = found->second;
  task.table = core_->catalog->ShareTable(uid);
  task.view = task.state->View();
  task.time_us = core_->TakeViewTime();
  const auto last_change = task.view.record.last_change_us;
  task.active = task.view.change_count > 0 ||
                (last_change &&
                 task.time_us - *last_change <= absl::ToInt64Microseconds(core_->options.cdc.active_window));
  return task;
}

absl::Status Applier::ApplyLocked(int64_t uid) {
  const std::optional<Task> task = TakeTask(uid);
  if (!task) return absl::OkStatus();  // dropped meanwhile
  if (task->view.row_count == 0 && !task->active) {
    Publish(*task, task->view.record, nullptr);
    return absl::OkStatus();
  }
  const int64_t start_us = core_->NowUs();
  Connection& connection = *core_->baseline_connection;
  BQCDC_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(connection));
  ApplyRecord record;
  BQCDC_RETURN_IF_ERROR(Write(*task, connection, record));
  base::HitFailpoint(base::Failpoint::kApplyBeforeCommit);
  std::optional<CarriedRows> carried;
  if (task->view.row_count > 0) {
    carried.emplace(task->view.row_count, record.applied_ordinal + 1);
    Carry(*task, *carried);  // most of them, before anybody has to wait
  }
  {
    absl::WriterMutexLock latch(&core_->publish_latch);
    BQCDC_RETURN_IF_ERROR(transaction.Commit());
    Publish(*task, record, carried ? &*carried : nullptr);
  }
  base::HitFailpoint(base::Failpoint::kApplyAfterCommit);
  if (task->view.change_count > 0) AddToHistory(*task, start_us);
  if (task->view.row_count > 0) {
    {
      // Row flags and key states of what has been applied: readers that still want them hold them.
      absl::MutexLock lock(&task->state->fold_mutex_);
      task->state->folded_rows_ = nullptr;
      task->state->fold_ = nullptr;
      task->state->folded_view_ = nullptr;
    }
    committer_->DeleteApplied(uid, task->view.record.applied_ordinal + 1, record.applied_ordinal);
  }
  CheckpointIfLong();
  return absl::OkStatus();
}

void Applier::AddToHistory(const Task& task, int64_t start_us) {
  const catalog::TableId& id = task.table->id;
  const auto catalog = core_->Catalog();
  const catalog::Dataset* dataset = catalog->FindDataset({id.project, id.dataset});
  core_->applies.Add({.table = id,
                      .table_uid = task.table->uid,
                      .location = dataset == nullptr ? "" : dataset->location,
                      .view_us = task.time_us,
                      .start_us = start_us,
                      .end_us = core_->NowUs()});
}

absl::Status Applier::Write(const Task& task, Connection& connection, ApplyRecord& record) {
  std::shared_ptr<const FoldedView> folded;
  if (task.view.change_count > 0) {
    BQCDC_ASSIGN_OR_RETURN(folded,
                           FoldPending(core_->rules, *task.table, task.view, *task.state, connection));
  }
  if (task.view.row_count > 0) BQCDC_RETURN_IF_ERROR(WriteRows(task, folded.get(), connection));
  BQCDC_RETURN_IF_ERROR(PurgeExpired(task, connection));
  if (folded != nullptr) BQCDC_RETURN_IF_ERROR(WriteTombstones(task, *folded, connection));
  record = NextRecord(task.view, folded.get(), task.time_us, task.active);
  BQCDC_RETURN_IF_ERROR(PurgeTombstones(task, connection, record));
  return connection.Run(UpdateRecordSql(task.table->uid, record));
}

absl::Status Applier::WriteRows(const Task& task, const FoldedView* folded, Connection& connection) {
  const catalog::Table& table = *task.table;
  const std::string baseline = BaselineTable(table.uid);
  const std::string delta = DeltaTable(table.uid);
  const std::string pending = PendingRowsCondition(task.view);
  const std::string columns = ColumnList(table);
  std::string values = columns;
  const bool merge_columns = Mutated(Mutant::kUpsertMergesColumns) && folded != nullptr;
  if (merge_columns) {
    values = MergedColumnList(table);
    BQCDC_RETURN_IF_ERROR(
        connection.Run(base::StrCat("CREATE OR REPLACE TEMP TABLE merged AS SELECT ", values,
                                    ", \"$op\", \"$seq_high\", \"$seq_low\", \"$ingest\" FROM ", delta,
                                    " AS d WHERE ", pending, " AND ", folded->flags->Sql(cdc::kRowShown))));
  }
  if (folded != nullptr && folded->hidden_key_count > 0) {
    BQCDC_RETURN_IF_ERROR(connection.Run(DeleteHiddenKeysSql(table, task.view, *folded->flags, baseline)));
  }
  const std::string into = base::StrCat("INSERT INTO ", baseline, "(", columns,
                                        ", \"$kind\", \"$seq_high\", \"$seq_low\", \"$ingest\") ");
  if (merge_columns) return connection.Run(into + "SELECT * FROM merged");
  const std::string sequence =
      Mutated(Mutant::kAppliedSequenceLost) ? "NULL, NULL" : "\"$seq_high\", \"$seq_low\"";
  const size_t rows = folded == nullptr ? task.view.row_count : folded->shown_count;
  constexpr size_t kOwnColumns = 4;
  return connection.Run(base::StrCat(into, "SELECT ", columns, ", \"$op\", ", sequence, ", \"$ingest\" FROM ",
                                     delta, " WHERE ", pending,
                                     folded == nullptr ? "" : " AND " + folded->flags->Sql(cdc::kRowShown),
                                     InsertDirectly(rows, table.schema.columns.size() + kOwnColumns)));
}

absl::Status Applier::PurgeExpired(const Task& task, Connection& connection) {
  const std::string kept = KeptRowsCondition(*task.table, task.time_us);
  if (kept.empty()) return absl::OkStatus();
  return connection.Run(base::StrCat("DELETE FROM ", BaselineTable(task.table->uid), " WHERE NOT ", kept));
}

absl::Status Applier::WriteTombstones(const Task& task, const FoldedView& folded, Connection& connection) {
  const catalog::Table& table = *task.table;
  const std::string tombstones = TombstoneTable(table.uid);
  const std::string keys = KeyList(table);
  const std::string delta =
      base::StrCat(" FROM ", DeltaTable(table.uid), " AS d WHERE ", PendingRowsCondition(task.view), " AND ");
  if (folded.hidden_key_count > 0 && task.view.record.oldest_tombstone_us) {
    BQCDC_RETURN_IF_ERROR(connection.Run(DeleteHiddenKeysSql(table, task.view, *folded.flags, tombstones)));
  }
  if (folded.tombstone_count == 0 || Mutated(Mutant::kNoTombstones)) return absl::OkStatus();
  std::string insert = base::StrCat(
      "INSERT INTO ", tombstones, "(", keys, ", \"$seq_high\", \"$seq_low\", \"$ingest\") SELECT ", keys,
      ", \"$seq_high\", \"$seq_low\", \"$ingest\"", delta, folded.flags->Sql(cdc::kRowTombstone));
  if (Mutated(Mutant::kTombstoneOnlyForPresentKey)) {
    // By now the rows of the key are gone from the baseline, so the mutant looks for an older change in the
    // delta.
    base::StrAppend(&insert, " AND EXISTS (SELECT 1 FROM ", DeltaTable(table.uid),
                    " AS o WHERE o.\"$ordinal\" < d.\"$ordinal\" AND ", SameKey(table, "o", "d"), ")");
  }
  return connection.Run(insert);
}

absl::Status Applier::PurgeTombstones(const Task& task, Connection& connection, ApplyRecord& record) {
  // Whatever comes from now on is younger than the apply, so for it these deletes are forgotten.
  const int64_t forgotten_us = task.time_us - core_->rules.tombstone_retention_us;
  if (record.oldest_tombstone_us.value_or(forgotten_us) >= forgotten_us ||
      Mutated(Mutant::kTombstoneForever)) {
    return absl::OkStatus();
  }
  const std::string tombstones = TombstoneTable(task.table->uid);
  BQCDC_RETURN_IF_ERROR(
      connection.Run(base::StrCat("DELETE FROM ", tombstones, " WHERE \"$ingest\" < ", forgotten_us)));
  BQCDC_ASSIGN_OR_RETURN(record.oldest_tombstone_us,
                         connection.ReadInt64(base::StrCat("SELECT min(\"$ingest\") FROM ", tombstones)));
  return absl::OkStatus();
}

size_t Applier::CarrySome(const Task& task, CarriedRows& carried) {
  const TableState& state = *task.state;
  return state.rows_ == nullptr ? 0 : carried.Copy(*state.rows_, *state.keys_, kRowsCarriedAtOnce);
}

void Applier::Carry(const Task& task, CarriedRows& carried) {
  for (size_t copied = kRowsCarriedAtOnce; copied == kRowsCarriedAtOnce;) {
    {
      absl::MutexLock rows_lock(&core_->rows_mutex);
      copied = CarrySome(task, carried);
    }
    carried.NumberKeys();
  }
}

void Applier::Publish(const Task& task, const ApplyRecord& record, CarriedRows* carried) {
  TableState& state = *task.state;
  // What is forgotten is freed when nobody waits any more.
  std::shared_ptr<cdc::PendingRows> rows;
  std::unique_ptr<cdc::KeyDictionary> keys;
  absl::MutexLock rows_lock(&core_->rows_mutex);
  if (carried != nullptr) {
    while (CarrySome(task, *carried) > 0) carried->NumberKeys();
    rows = carried->TakeRows();
    keys = carried->TakeKeys();
  }
  absl::MutexLock lock(&core_->mutex);
  if (carried != nullptr) {
    state.rows_.swap(rows);
    state.keys_.swap(keys);
    state.row_count_ -= task.view.row_count;
    state.change_count_ = carried->change_count();
    core_->pending_rows -= static_cast<int64_t>(task.view.row_count);
  }
  const ApplyRecord came = std::exchange(state.record_, record);
  // The first change of the table may have come during the apply.
  if (!state.record_.watermark_us) state.record_.watermark_us = came.watermark_us;
  state.record_.last_change_us = std::max(state.record_.last_change_us, came.last_change_us);
  const bool keeps_ticking =
      state.row_count_ > 0 || (task.active && task.table->max_staleness_us.value_or(0) > 0);
  state.last_tick_us_ = keeps_ticking ? std::optional(task.time_us) : std::nullopt;
}

void Applier::CheckpointIfLong() {
  StoreFile& baseline = core_->store->baseline();
  if (baseline.LogBytes() <= kBaselineLogBytesMax) return;
  // A failure leaves the log longer; the next apply tries again.
  baseline.Checkpoint(*core_->baseline_connection).IgnoreError();
}

}  // namespace bqcdc::emulator::engine
