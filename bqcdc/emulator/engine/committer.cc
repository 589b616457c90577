#include "bqcdc/emulator/engine/committer.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "absl/synchronization/notification.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/cdc/tie_shuffle.h"
#include "bqcdc/emulator/engine/key_encoder.h"
#include "bqcdc/emulator/engine/limits.h"
#include "bqcdc/emulator/engine/relation_sql.h"

namespace bqcdc::emulator::engine {
namespace {

using cdc::RowOperation;

size_t ChangeColumnIndex(const Chunk& chunk, ChangeColumn column) {
  return chunk.column_count() - kChangeColumnCount + static_cast<size_t>(column);
}

}  // namespace

Committer::Committer(DatabaseCore* core, std::function<void()> on_rows_pending)
    : core_(core), on_rows_pending_(std::move(on_rows_pending)) {}

absl::Status Committer::Start() {
  BQCDC_ASSIGN_OR_RETURN(connection_, core_->store->Connect());
  thread_ = std::thread([this] { Loop(); });
  return absl::OkStatus();
}

Committer::~Committer() {
  {
    absl::MutexLock lock(&queue_mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Committer::PrepareRows(const catalog::Table& table, Item& item) const {
  for (const Chunk& chunk : item.batch.chunks) item.row_count += chunk.row_count();
  if (!table.has_primary_key()) return;
  const KeyEncoder encoder(table);
  item.rows.resize(item.row_count);
  size_t begin = 0;
  for (const Chunk& chunk : item.batch.chunks) {
    encoder.Encode(chunk, item.keys);
    const VectorReader operation = chunk.Reader(ChangeColumnIndex(chunk, ChangeColumn::kOperation));
    const VectorReader high = chunk.Reader(ChangeColumnIndex(chunk, ChangeColumn::kSequenceHigh));
    const VectorReader low = chunk.Reader(ChangeColumnIndex(chunk, ChangeColumn::kSequenceLow));
    for (size_t i = 0; i < chunk.row_count(); ++i) {
      cdc::PendingRow& row = item.rows[begin + i];
      row.operation = static_cast<RowOperation>(operation.Uint8(i));
      if (row.operation == RowOperation::kPlain) continue;
      ++item.change_count;
      row.has_sequence = !high.IsNull(i);
      if (row.has_sequence)
        row.sequence = values::SequenceNumber::FromHighLow(high.Uint128(i), low.Uint128(i));
    }
    begin += chunk.row_count();
  }
}

void Committer::Append(AppendBatch batch, std::function<void(absl::Status)> durable) {
  auto item = std::make_unique<Item>();
  item->batch = std::move(batch);
  item->durable = std::move(durable);
  const auto catalog = core_->Catalog();
  const catalog::Table* table = catalog->FindTable(item->batch.table_uid);
  // Chunks are read only where they fit the table; the committing thread looks again.
  if (table != nullptr && table->schema_version == item->batch.schema_version) PrepareRows(*table, *item);
  bool overloaded;
  {
    absl::MutexLock lock(&queue_mutex_);
    overloaded = queued_bytes_ > 0 && queued_bytes_ + item->batch.bytes > core_->options.queued_bytes_max;
    if (!overloaded) {
      queued_bytes_ += item->batch.bytes;
      appends_.push_back(std::move(item));
    }
  }
  if (overloaded) {
    item->durable(absl::ResourceExhaustedError("too many rows wait to be stored; try again later"));
  }
}

absl::Status Committer::Run(const std::function<absl::Status(Connection&)>& task) {
  absl::Status status;
  absl::Notification done;
  Post([&](Connection& connection) {
    status = task(connection);
    done.Notify();
  });
  done.WaitForNotification();
  return status;
}

void Committer::Post(std::function<void(Connection&)> task) {
  absl::MutexLock lock(&queue_mutex_);
  tasks_.push_back(std::move(task));
}

void Committer::DeleteApplied(int64_t uid, int64_t first_ordinal, int64_t last_ordinal) {
  absl::MutexLock lock(&queue_mutex_);
  applied_.push_back({uid, first_ordinal, last_ordinal});
}

std::optional<Committer::AppliedRows> Committer::TakeApplied() {
  if (applied_.empty()) return std::nullopt;
  AppliedRows& rest = applied_.front();
  AppliedRows rows = rest;
  // As many as a group brings, so that deleting keeps pace with appends.
  rows.last_ordinal = std::min(rest.last_ordinal, rest.first_ordinal + core_->options.commit_rows_max - 1);
  rest.first_ordinal = rows.last_ordinal + 1;
  if (rest.first_ordinal > rest.last_ordinal) applied_.pop_front();
  return rows;
}

void Committer::Delete(const AppliedRows& rows, Connection& delta) {
  base::HitFailpoint(base::Failpoint::kDeltaBeforeDelete);
  // A failure costs space only, and the table may have been dropped.
  delta
      .Run(base::StrCat("DELETE FROM ", DeltaTable(rows.uid), " WHERE \"$ordinal\" BETWEEN ",
                        rows.first_ordinal, " AND ", rows.last_ordinal))
      .IgnoreError();
}

void Committer::DeleteAllApplied(Connection& delta) {
  while (true) {
    std::optional<AppliedRows> rows;
    {
      absl::MutexLock lock(&queue_mutex_);
      rows = TakeApplied();
    }
    if (!rows) break;
    Delete(*rows, delta);
  }
  CheckpointIfLong(delta, /*just_applied=*/true);
}

bool Committer::HasWork() const {
  return !tasks_.empty() || !applied_.empty() || (!appends_.empty() && !held_back_) || stopping_;
}

Committer::Group Committer::TakeGroup() {
  Group group;
  int64_t rows = 0;
  while (!appends_.empty()) {
    rows += static_cast<int64_t>(appends_.front()->row_count);
    if (!group.empty() && rows > core_->options.commit_rows_max) break;
    queued_bytes_ -= appends_.front()->batch.bytes;
    group.push_back(std::move(appends_.front()));
    appends_.pop_front();
  }
  return group;
}

bool Committer::MayAppend() {
  absl::MutexLock lock(&core_->mutex);
  return core_->pending_rows <= kPendingRowsHardMax;
}

void Committer::Loop() {
  bool appends_first = false;  // ahead of applied rows, of which some were deleted last
  while (true) {
    std::function<void(Connection&)> task;
    std::optional<AppliedRows> applied;
    Group group;
    bool more_applied = false;
    const bool may_append = MayAppend();
    {
      absl::MutexLock lock(&queue_mutex_);
      held_back_ = !may_append;
      // What holds appends back ends with work: the applier brings applied rows.
      queue_mutex_.Await(absl::Condition(this, &Committer::HasWork));
      const bool has_appends = !appends_.empty() && !held_back_;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      } else if (!applied_.empty() && !(has_appends && appends_first)) {
        applied = TakeApplied();
      } else if (!appends_.empty()) {
        group = TakeGroup();
      } else {
        return;
      }
      more_applied = !applied_.empty();
    }
    appends_first = applied.has_value();
    if (task) {
      task(*connection_);
    } else if (applied) {
      Delete(*applied, *connection_);
      if (!more_applied) CheckpointIfLong(*connection_, /*just_applied=*/true);
    } else {
      CommitAndAnswer(std::move(group));
      if (!more_applied) CheckpointIfLong(*connection_, /*just_applied=*/false);
    }
  }
}

void Committer::CommitAndAnswer(Group group) {
  absl::Status status = Commit(group);
  if (!status.ok() && group.size() > 1) {
    // One of them cannot be stored; the others shall not suffer for it.
    for (std::unique_ptr<Item>& item : group) {
      if (!item->status.ok()) continue;
      Group alone;
      alone.push_back(std::move(item));
      CommitAndAnswer(std::move(alone));
    }
    std::erase(group, nullptr);
    status = absl::OkStatus();
  }
  for (const std::unique_ptr<Item>& item : group) {
    item->durable(item->status.ok() ? status : item->status);
  }
}

absl::Status Committer::Commit(Group& group) {
  Admit(group);
  for (const std::unique_ptr<Item>& item : group) {
    if (item->status.ok()) Stamp(*item);
  }
  const absl::Status status = Store(group);
  if (status.ok()) Publish(group);
  EndCommit();
  return status;
}

void Committer::Admit(Group& group) {
  absl::MutexLock lock(&core_->mutex);
  std::map<int64_t, int64_t> next_ordinals;
  std::map<std::string, WriteStream> streams;  // with what the group adds
  for (const std::unique_ptr<Item>& item : group) {
    const catalog::Table* table = core_->catalog->FindTable(item->batch.table_uid);
    if (table == nullptr) {
      item->status = absl::NotFoundError("the table was deleted or created anew");
      continue;
    }
    if (table->schema_version != item->batch.schema_version) {
      item->status = absl::AbortedError("the table's columns have changed");
      continue;
    }
    if (item->batch.stream != nullptr) {
      const StreamAppend& append = *item->batch.stream;
      const WriteStream* stored = core_->FindStream(table->uid, append.id);
      if (stored == nullptr) {
        item->status = StreamRefused({StreamFault::kNotFound});
        continue;
      }
      item->status = AdmitToStream(*item, streams.try_emplace(append.id, *stored).first->second);
      if (!item->status.ok()) continue;
      item->schema_version = table->schema_version;
    }
    if (item->row_count == 0) continue;
    item->state = core_->tables.at(table->uid);
    if (item->staged()) continue;
    int64_t& next = next_ordinals.try_emplace(table->uid, item->state->next_ordinal()).first->second;
    item->first_ordinal = std::exchange(next, next + static_cast<int64_t>(item->row_count));
    item->ingest_us = core_->TakeIngestTime();
    if (!core_->commit_since_us) core_->commit_since_us = item->ingest_us;
  }
}

absl::Status Committer::AdmitToStream(Item& item, WriteStream& stream) {
  StreamAppend& append = *item.batch.stream;
  if (stream.finalized) return StreamRefused({StreamFault::kFinalized});
  const int64_t wanted = append.offset.value_or(stream.next_offset);
  if (wanted != stream.next_offset) {
    return StreamRefused(
        {wanted < stream.next_offset ? StreamFault::kOffsetExists : StreamFault::kOffsetBeyond,
         stream.next_offset, wanted});
  }
  append.stored_offset = stream.next_offset;
  stream.next_offset += static_cast<int64_t>(item.row_count);
  stream.touched_us = core_->NowUs();
  item.stream = stream;
  return absl::OkStatus();
}

void Committer::Stamp(Item& item) {
  if (core_->options.cdc.shuffle_ties && item.change_count > 0) {
    item.order = cdc::ShuffledOrder(item.row_count, core_->options.cdc.shuffle_seed, item.ingest_us);
  }
  std::vector<uint32_t> place(item.order.size());  // the inverse: by row
  for (size_t n = 0; n < item.order.size(); ++n) place[item.order[n]] = static_cast<uint32_t>(n);
  // A staged row carries its stream and its place there instead; see CreateStagedSql.
  const int64_t ingest_us = item.staged() ? item.stream->number : item.ingest_us;
  const int64_t first_ordinal = item.staged() ? item.batch.stream->stored_offset : item.first_ordinal;
  size_t row = 0;
  for (Chunk& chunk : item.batch.chunks) {
    VectorWriter ingest = chunk.Writer(ChangeColumnIndex(chunk, ChangeColumn::kIngestTime));
    VectorWriter ordinal = chunk.Writer(ChangeColumnIndex(chunk, ChangeColumn::kOrdinal));
    for (size_t i = 0; i < chunk.row_count(); ++i, ++row) {
      ingest.SetInt64(i, ingest_us);
      ordinal.SetInt64(i, first_ordinal + static_cast<int64_t>(place.empty() ? row : place[row]));
    }
  }
}

TableAppender Committer::AppendRows(const Group& group, int64_t uid, bool staged) {
  std::string name = base::StrCat("d", uid);
  for (const std::unique_ptr<Item>& item : group) {
    if (staged && item->staged() && item->state != nullptr && item->state->uid == uid)
      name = StagedTableName(uid, item->schema_version);
  }
  TableAppender appender(*connection_, name);
  for (const std::unique_ptr<Item>& item : group) {
    if (item->state == nullptr || item->state->uid != uid || item->staged() != staged) continue;
    for (const Chunk& chunk : item->batch.chunks) appender.Append(chunk);
  }
  return appender;
}

absl::Status Committer::Store(const Group& group) {
  std::set<std::pair<int64_t, bool>> tables;  // uid, staged
  size_t rows = 0;
  bool has_streams = false;
  for (const std::unique_ptr<Item>& item : group) {
    if (item->state == nullptr) continue;
    tables.emplace(item->state->uid, item->staged());
    rows += item->row_count;
    has_streams |= item->stream.has_value();
  }
  if (tables.empty()) return absl::OkStatus();
  if (tables.size() == 1 && !has_streams && rows <= TableAppender::kRowsAtOnceMax) {
    // An appender's own transaction is a call. BEGIN and COMMIT are statements: DuckDB hands them to its
    // pool, which queries and applies keep busy, and appends waited 10 ms for its threads.
    const auto [uid, staged] = *tables.begin();
    TableAppender appender = AppendRows(group, uid, staged);
    base::HitFailpoint(base::Failpoint::kAppendBeforeCommit);
    BQCDC_RETURN_IF_ERROR(appender.Close());
  } else {
    BQCDC_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(*connection_));
    for (const auto& [uid, staged] : tables) BQCDC_RETURN_IF_ERROR(AppendRows(group, uid, staged).Close());
    BQCDC_RETURN_IF_ERROR(StoreStreams(group));
    base::HitFailpoint(base::Failpoint::kAppendBeforeCommit);
    BQCDC_RETURN_IF_ERROR(transaction.Commit());
  }
  base::HitFailpoint(base::Failpoint::kAppendBeforeAcknowledge);
  ++commit_count_;
  append_count_ += static_cast<int64_t>(group.size());
  return absl::OkStatus();
}

absl::Status Committer::StoreStreams(const Group& group) {
  std::map<std::string, const WriteStream*> last;  // one update for each stream, whatever was appended
  for (const std::unique_ptr<Item>& item : group) {
    if (item->stream) last[item->stream->id] = &*item->stream;
  }
  std::string sql;
  for (const auto& [id, stream] : last) sql += UpdateStreamSql(*stream);
  return sql.empty() ? absl::OkStatus() : connection_->Run(sql);
}

absl::StatusOr<int64_t> Committer::Release(Connection& delta, const catalog::Table& table,
                                           const std::vector<StreamRange>& ranges,
                                           const std::function<std::string(int64_t ingest_us)>& and_sql) {
  auto item = std::make_unique<Item>();
  for (const StreamRange& range : ranges) item->row_count += static_cast<size_t>(range.end - range.begin);
  {
    absl::MutexLock lock(&core_->mutex);
    item->ingest_us = core_->TakeIngestTime();
    core_->commit_since_us = item->ingest_us;
    item->state = core_->tables.at(table.uid);
    item->first_ordinal = item->state->next_ordinal();
  }
  const int64_t ingest_us = item->ingest_us;
  const auto store = [&]() -> absl::Status {
    BQCDC_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(delta));
    if (item->row_count > 0) {
      BQCDC_RETURN_IF_ERROR(delta.Run(ReleaseSql(table, ranges, ingest_us, item->first_ordinal)));
      if (table.has_primary_key()) BQCDC_RETURN_IF_ERROR(ReadReleasedKeys(delta, table, *item));
      BQCDC_RETURN_IF_ERROR(delta.Run(DeleteStagedSql(table, ranges)));
    }
    BQCDC_RETURN_IF_ERROR(delta.Run(and_sql(ingest_us)));
    base::HitFailpoint(base::Failpoint::kReleaseBeforeCommit);
    BQCDC_RETURN_IF_ERROR(transaction.Commit());
    base::HitFailpoint(base::Failpoint::kReleaseAfterCommit);
    return absl::OkStatus();
  };
  const absl::Status status = store();
  if (status.ok() && item->row_count > 0) {
    Group group;
    group.push_back(std::move(item));
    Publish(group);
  }
  EndCommit();
  if (!status.ok()) return status;
  return ingest_us;
}

absl::Status Committer::ReadReleasedKeys(Connection& delta, const catalog::Table& table, Item& item) {
  const KeyEncoder encoder = KeyEncoder::ForKeyColumnsOnly(table, 0);
  BQCDC_RETURN_IF_ERROR(
      delta.Read(base::StrCat("SELECT ", KeyList(table), " FROM ", DeltaTable(table.uid),
                              " WHERE \"$ordinal\" >= ", item.first_ordinal, " ORDER BY \"$ordinal\""),
                 [&](const Chunk& chunk) {
                   encoder.Encode(chunk, item.keys);
                   return absl::OkStatus();
                 }));
  if (item.keys.size() != item.row_count) {
    return absl::DataLossError(base::StrCat("table ", table.id.ToString(), ": ", item.keys.size(),
                                            " rows of write streams are stored where ", item.row_count,
                                            " are due"));
  }
  item.rows.resize(item.row_count);  // plain rows, as PendingRow begins
  return absl::OkStatus();
}

void Committer::PublishRows(Item& item) {
  TableState& state = *item.state;
  if (item.rows.empty()) return;
  if (state.rows_ == nullptr) {
    auto rows = std::make_shared<cdc::PendingRows>(state.next_ordinal());
    state.keys_ = std::make_unique<cdc::KeyDictionary>();
    absl::MutexLock lock(&core_->mutex);
    state.rows_ = std::move(rows);
  }
  for (size_t n = 0; n < item.rows.size(); ++n) {
    const size_t index = item.order.empty() ? n : item.order[n];
    cdc::PendingRow& row = item.rows[index];
    row.key = state.keys_->FindOrAdd(item.keys.key(index), item.keys.hash(index));
    row.ingest_us = item.ingest_us;
    state.rows_->Append(row);
  }
}

void Committer::Publish(const Group& group) {
  // Keeps the applier from exchanging the rows meanwhile; readers look at what was counted before.
  bool wake = false;
  {
    absl::MutexLock rows_lock(&core_->rows_mutex);
    for (const std::unique_ptr<Item>& item : group) {
      if (item->state == nullptr) continue;
      if (!item->staged()) PublishRows(*item);
      absl::MutexLock lock(&core_->mutex);
      if (item->stream) {
        WriteStream* stream = core_->FindStream(item->state->uid, item->stream->id);
        if (stream != nullptr) *stream = *item->stream;  // gone where its table is
        if (item->staged()) continue;
      }
      TableState& state = *item->state;
      state.row_count_ += item->row_count;
      state.change_count_ += item->change_count;
      core_->pending_rows += static_cast<int64_t>(item->row_count);
      if (item->change_count > 0) {
        // The watermark starts just before the first change: nothing of it is applied.
        if (!state.record_.watermark_us) state.record_.watermark_us = item->ingest_us - 1;
        state.record_.last_change_us = item->ingest_us;
      }
      if (!state.last_tick_us_) {
        state.last_tick_us_ = item->ingest_us;
        wake = true;
      }
      if (core_->pending_rows > kPendingRowsMax && !core_->apply_forced) core_->apply_forced = wake = true;
    }
  }
  if (wake) on_rows_pending_();
}

void Committer::EndCommit() {
  absl::MutexLock lock(&core_->mutex);
  core_->commit_since_us.reset();
}

void Committer::CheckpointIfLong(Connection& delta, bool just_applied) {
  const int64_t bytes = core_->store->delta().LogBytes();
  if (bytes <= core_->options.delta_bytes_max) return;
  // A checkpoint writes the rows that are left, so the applier empties the tables first; but it gets not for
  // ever.
  if (!just_applied && bytes <= 2 * core_->options.delta_bytes_max) {
    bool wake = false;
    {
      absl::MutexLock lock(&core_->mutex);
      wake = core_->pending_rows > 0 && !core_->apply_forced;
      if (wake) core_->apply_forced = true;
      if (core_->pending_rows > 0 && !wake) return;
    }
    if (wake) return on_rows_pending_();
  }
  // Refused while a transaction writes the file; there is none, and if there were, a later call succeeds.
  core_->store->delta().Checkpoint(delta).IgnoreError();
}

}  // namespace bqcdc::emulator::engine
