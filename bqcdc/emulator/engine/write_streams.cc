#include "bqcdc/emulator/engine/write_streams.h"

#include <set>
#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/limits.h"
#include "bqcdc/emulator/engine/stream_sql.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::engine {
namespace {

// Why a stream cannot be committed, if it cannot.
std::optional<StreamFault> CommitFault(const WriteStream* stream) {
  if (stream == nullptr) return StreamFault::kNotFound;
  if (stream->type != WriteStreamType::kPending) return StreamFault::kWrongType;
  if (stream->commit_us) return StreamFault::kAlreadyCommitted;
  if (!stream->finalized) return StreamFault::kNotFinalized;
  return std::nullopt;
}

absl::Status TooManyRows(int64_t rows) {
  return base::Error(absl::StatusCode::kResourceExhausted, rows,
                     " rows at once are too many for this server, limit ", kReleaseRowsMax,
                     " rows; use several streams or flushes");
}

// Statements, in one transaction.
absl::Status RunInTransaction(Connection& delta, const std::string& sql) {
  BQCDC_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(delta));
  BQCDC_RETURN_IF_ERROR(delta.Run(sql));
  return transaction.Commit();
}

}  // namespace

absl::StatusOr<catalog::Table> WriteStreams::FindTable(const catalog::TableId& id) const {
  const auto catalog = core_->Catalog();
  const catalog::Table* table = catalog->FindTable(id);
  if (table == nullptr) return errors::TableNotFound(id.ToString());
  return *table;
}

absl::Status WriteStreams::WithTable(
    const catalog::TableId& id, const std::function<absl::Status(const catalog::Table&, Connection&)>& task) {
  return committer_->Run([&](Connection& delta) -> absl::Status {
    BQCDC_ASSIGN_OR_RETURN(const catalog::Table table, FindTable(id));
    return task(table, delta);
  });
}

absl::StatusOr<WriteStream> WriteStreams::FindStream(int64_t uid, const std::string& id) const {
  absl::MutexLock lock(&core_->mutex);
  const WriteStream* stream = core_->FindStream(uid, id);
  if (stream == nullptr) return StreamRefused({StreamFault::kNotFound});
  return *stream;
}

void WriteStreams::MakeKnown(const WriteStream& stream) {
  absl::MutexLock lock(&core_->mutex);
  if (core_->tables.contains(stream.table_uid)) core_->streams[stream.table_uid][stream.id] = stream;
}

absl::Status WriteStreams::Put(Connection& delta, const WriteStream& stream, const std::string& sql) {
  BQCDC_RETURN_IF_ERROR(RunInTransaction(delta, sql));
  MakeKnown(stream);
  return absl::OkStatus();
}

absl::StatusOr<WriteStream> WriteStreams::Create(const catalog::TableId& id, WriteStreamType type) {
  WriteStream stream;
  stream.id = NewStreamId();
  stream.type = type;
  const auto create = [&](const catalog::Table& table, Connection& delta) -> absl::Status {
    BQCDC_RETURN_IF_ERROR(RemoveExpired(delta));
    {
      absl::MutexLock lock(&core_->mutex);
      int64_t count = 0;
      for (const auto& [uid, of_table] : core_->streams) count += static_cast<int64_t>(of_table.size());
      if (count >= kWriteStreamsMax) {
        return base::Error(absl::StatusCode::kResourceExhausted, "more than ", kWriteStreamsMax,
                           " write streams exist; they go when they are not used for days, or with their "
                           "table");
      }
      stream.number = core_->next_stream_number++;
      stream.create_us = stream.touched_us = core_->NowUs();
    }
    stream.table_uid = table.uid;
    if (type == WriteStreamType::kCommitted) stream.commit_us = stream.create_us;
    return Put(delta, stream, (stream.staged() ? CreateStagedSql(table) : "") + InsertStreamSql(stream));
  };
  BQCDC_RETURN_IF_ERROR(WithTable(id, create));
  return stream;
}

absl::Status WriteStreams::RemoveExpired(Connection& delta) {
  const auto catalog = core_->Catalog();
  std::vector<WriteStream> expired;
  {
    absl::MutexLock lock(&core_->mutex);
    const int64_t now_us = core_->NowUs();
    for (const auto& [uid, of_table] : core_->streams) {
      for (const auto& [id, stream] : of_table) {
        if (IsExpired(stream, now_us)) expired.push_back(stream);
      }
    }
  }
  if (expired.empty()) return absl::OkStatus();
  std::string sql;
  for (const WriteStream& stream : expired) {
    const catalog::Table* table = catalog->FindTable(stream.table_uid);
    if (table != nullptr && stream.staged()) {
      sql += DeleteStagedSql(*table, {{stream.number, stream.released, stream.next_offset}});
    }
    sql += DeleteStreamSql(stream.table_uid, stream.id);
  }
  BQCDC_RETURN_IF_ERROR(RunInTransaction(delta, sql));
  absl::MutexLock lock(&core_->mutex);
  for (const WriteStream& stream : expired) {
    const auto of_table = core_->streams.find(stream.table_uid);
    if (of_table != core_->streams.end()) of_table->second.erase(stream.id);
  }
  return absl::OkStatus();
}

absl::StatusOr<WriteStream> WriteStreams::Get(const catalog::TableId& id, const std::string& stream) const {
  BQCDC_ASSIGN_OR_RETURN(const catalog::Table table, FindTable(id));
  return FindStream(table.uid, stream);
}

absl::StatusOr<WriteStream> WriteStreams::Finalize(const catalog::TableId& id, const std::string& name) {
  WriteStream stream;
  BQCDC_RETURN_IF_ERROR(WithTable(id, [&](const catalog::Table& table, Connection& delta) -> absl::Status {
    BQCDC_ASSIGN_OR_RETURN(stream, FindStream(table.uid, name));
    if (stream.finalized) return absl::OkStatus();
    stream.finalized = true;
    {
      absl::MutexLock lock(&core_->mutex);
      stream.touched_us = core_->NowUs();
    }
    return Put(delta, stream, UpdateStreamSql(stream));
  }));
  return stream;
}

absl::StatusOr<CommitOutcome> WriteStreams::Commit(const catalog::TableId& id,
                                                   const std::vector<std::string>& names) {
  CommitOutcome outcome;
  const auto commit = [&](const catalog::Table& table, Connection& delta) -> absl::Status {
    std::vector<WriteStream> streams;
    std::vector<StreamRange> ranges;
    int64_t rows = 0;
    {
      absl::MutexLock lock(&core_->mutex);
      for (const std::string& name : std::set<std::string>(names.begin(), names.end())) {
        const WriteStream* stream = core_->FindStream(table.uid, name);
        if (const auto fault = CommitFault(stream)) {
          outcome.refused.push_back({name, *fault});
          continue;
        }
        streams.push_back(*stream);
        ranges.push_back({stream->number, 0, stream->next_offset});
        rows += stream->next_offset;
      }
    }
    if (!outcome.refused.empty()) return absl::OkStatus();
    if (rows > kReleaseRowsMax) return TooManyRows(rows);
    const auto and_sql = [&](int64_t commit_us) {
      std::string sql;
      for (WriteStream& stream : streams) {
        stream.commit_us = stream.touched_us = commit_us;
        stream.released = stream.next_offset;
        sql += UpdateStreamSql(stream);
      }
      return sql;
    };
    BQCDC_ASSIGN_OR_RETURN(const int64_t commit_us, committer_->Release(delta, table, ranges, and_sql));
    outcome.commit_time = absl::FromUnixMicros(commit_us);
    for (const WriteStream& stream : streams) MakeKnown(stream);
    return absl::OkStatus();
  };
  BQCDC_RETURN_IF_ERROR(WithTable(id, commit));
  return outcome;
}

absl::Status WriteStreams::Flush(const catalog::TableId& id, const std::string& name, int64_t offset) {
  return WithTable(id, [&](const catalog::Table& table, Connection& delta) -> absl::Status {
    BQCDC_ASSIGN_OR_RETURN(WriteStream stream, FindStream(table.uid, name));
    if (stream.type != WriteStreamType::kBuffered) return StreamRefused({StreamFault::kWrongType});
    if (stream.finalized) return StreamRefused({StreamFault::kFinalized});
    if (offset >= stream.next_offset) {
      return StreamRefused({StreamFault::kFlushBeyond, stream.next_offset, offset});
    }
    if (offset < stream.released) {
      return StreamRefused({StreamFault::kAlreadyFlushed, stream.released, offset});
    }
    const StreamRange range{stream.number, stream.released, offset + 1};
    if (range.end - range.begin > kReleaseRowsMax) return TooManyRows(range.end - range.begin);
    const auto and_sql = [&](int64_t now_us) {
      stream.released = range.end;
      stream.touched_us = now_us;
      return UpdateStreamSql(stream);
    };
    BQCDC_RETURN_IF_ERROR(committer_->Release(delta, table, {range}, and_sql).status());
    MakeKnown(stream);
    return absl::OkStatus();
  });
}

}  // namespace bqcdc::emulator::engine
