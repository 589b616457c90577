#include "bqcdc/emulator/engine/recovery.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/catalog/entity_json.h"
#include "bqcdc/emulator/cdc/mutant.h"
#include "bqcdc/emulator/engine/key_encoder.h"
#include "bqcdc/emulator/engine/physical_tables.h"
#include "bqcdc/emulator/engine/relation_sql.h"
#include "bqcdc/emulator/engine/stream_sql.h"

namespace bqcdc::emulator::engine {
namespace {

using cdc::Mutant;
using cdc::Mutated;

std::optional<int64_t> OptionalInt64(const VectorReader& reader, size_t row) {
  return reader.IsNull(row) ? std::nullopt : std::optional(reader.Int64(row));
}

absl::StatusOr<catalog::CatalogState> ReadCatalog(Connection& connection) {
  catalog::CatalogState state;
  BQCDC_RETURN_IF_ERROR(
      connection.Read("SELECT kind, json FROM baseline.main.entity", [&](const Chunk& chunk) -> absl::Status {
        for (size_t i = 0; i < chunk.row_count(); ++i) {
          const std::string_view json = chunk.Reader(1).Bytes(i);
          if (chunk.Reader(0).Bytes(i) == "dataset") {
            BQCDC_ASSIGN_OR_RETURN(catalog::Dataset dataset, catalog::DatasetFromJson(json));
            state.PutDataset(std::move(dataset));
          } else {
            BQCDC_ASSIGN_OR_RETURN(catalog::Table table, catalog::TableFromJson(json));
            state.PutTable(std::move(table));
          }
        }
        return absl::OkStatus();
      }));
  return state;
}

absl::StatusOr<std::map<int64_t, ApplyRecord>> ReadRecords(Connection& connection) {
  std::map<int64_t, ApplyRecord> records;
  BQCDC_RETURN_IF_ERROR(connection.Read(
      "SELECT uid, applied_ordinal, applied_us, watermark_us, last_change_us, highest_high, highest_low, "
      "oldest_tombstone_us "
      "FROM baseline.main.apply_record",
      [&](const Chunk& chunk) {
        for (size_t i = 0; i < chunk.row_count(); ++i) {
          ApplyRecord& record = records[chunk.Reader(0).Int64(i)];
          record.applied_ordinal = chunk.Reader(1).Int64(i);
          record.applied_us = chunk.Reader(2).Int64(i);
          record.watermark_us = OptionalInt64(chunk.Reader(3), i);
          record.last_change_us = OptionalInt64(chunk.Reader(4), i);
          record.oldest_tombstone_us = OptionalInt64(chunk.Reader(7), i);
          if (!chunk.Reader(5).IsNull(i)) {
            record.highest =
                values::SequenceNumber::FromHighLow(chunk.Reader(5).Uint128(i), chunk.Reader(6).Uint128(i));
          }
        }
        return absl::OkStatus();
      }));
  return records;
}

// A delta table as it is found.
struct DeltaTableFound {
  int64_t rows_max = 0;       // deleted ones may be counted in
  bool same_columns = false;  // as the baseline table of the same uid
};

// Columns are compared as sets: an added column stands behind the server's own ones in the baseline.
using ColumnSet = std::set<std::pair<std::string, std::string>>;  // name, type

absl::StatusOr<std::map<std::string, ColumnSet>> ReadColumns(Connection& connection) {
  std::map<std::string, ColumnSet> tables;
  BQCDC_RETURN_IF_ERROR(connection.Read(
      "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name IN ('baseline', "
      "'delta')",
      [&](const Chunk& chunk) {
        for (size_t i = 0; i < chunk.row_count(); ++i) {
          const std::string_view name = chunk.Reader(1).Bytes(i);
          if (name.starts_with('$')) continue;
          tables[std::string(chunk.Reader(0).Bytes(i))].emplace(name, chunk.Reader(2).Bytes(i));
        }
        return absl::OkStatus();
      }));
  return tables;
}

absl::StatusOr<std::map<int64_t, DeltaTableFound>> ReadDeltaTables(Connection& connection) {
  BQCDC_ASSIGN_OR_RETURN((std::map<std::string, ColumnSet> columns), ReadColumns(connection));
  std::map<int64_t, DeltaTableFound> found;
  BQCDC_RETURN_IF_ERROR(
      connection.Read("SELECT substr(table_name, 2)::BIGINT, estimated_size FROM duckdb_tables() "
                      "WHERE database_name = 'delta' AND regexp_matches(table_name, '^d\\d+$')",
                      [&](const Chunk& chunk) {
                        for (size_t i = 0; i < chunk.row_count(); ++i) {
                          const int64_t uid = chunk.Reader(0).Int64(i);
                          found[uid] = {chunk.Reader(1).Int64(i),
                                        columns[base::StrCat("d", uid)] == columns[base::StrCat("b", uid)]};
                        }
                        return absl::OkStatus();
                      }));
  return found;
}

// Takes the unapplied rows of a table into memory, in the order in which they were ingested.
absl::Status ReadPendingRows(const catalog::Table& table, TableState& state, Connection& connection,
                             int64_t& last_time_us) {
  const bool has_key = table.has_primary_key();
  const std::string sql = base::StrCat(
      "SELECT \"$op\", \"$seq_high\", \"$seq_low\", \"$ingest\", \"$ordinal\"", has_key ? ", " : "",
      KeyList(table), " FROM ", DeltaTable(table.uid), " WHERE \"$ordinal\" > ",
      Mutated(Mutant::kAppliedReadAgainAfterKill) ? 0 : state.record_.applied_ordinal,
      " ORDER BY \"$ordinal\"", Mutated(Mutant::kPendingReversedOnRestart) ? " DESC" : "");
  const std::optional<KeyEncoder> encoder =
      has_key ? std::optional(KeyEncoder::ForKeyColumnsOnly(table, kChangeColumnCount)) : std::nullopt;
  if (has_key) {
    state.rows_ = std::make_shared<cdc::PendingRows>(state.next_ordinal());
    state.keys_ = std::make_unique<cdc::KeyDictionary>();
  }
  BQCDC_RETURN_IF_ERROR(connection.Read(sql, [&](const Chunk& chunk) -> absl::Status {
    cdc::EncodedKeys keys;
    if (encoder) encoder->Encode(chunk, keys);
    const VectorReader operation = chunk.Reader(0), high = chunk.Reader(1), low = chunk.Reader(2),
                       ingest = chunk.Reader(3), ordinal = chunk.Reader(4);
    for (size_t i = 0; i < chunk.row_count(); ++i) {
      if (ordinal.Int64(i) != state.next_ordinal() && !Mutated(Mutant::kPendingReversedOnRestart) &&
          !Mutated(Mutant::kAppliedReadAgainAfterKill)) {
        return absl::DataLossError(base::StrCat("table ", table.id.ToString(), ": stored row ",
                                                ordinal.Int64(i), " found where row ", state.next_ordinal(),
                                                " is due"));
      }
      cdc::PendingRow row;
      row.operation = static_cast<RowOperation>(operation.Uint8(i));
      row.ingest_us = ingest.Int64(i);
      row.has_sequence = !high.IsNull(i);
      if (row.has_sequence)
        row.sequence = values::SequenceNumber::FromHighLow(high.Uint128(i), low.Uint128(i));
      last_time_us = std::max(last_time_us, row.ingest_us);
      if (!state.last_tick_us_) state.last_tick_us_ = row.ingest_us;
      if (row.operation != RowOperation::kPlain) {
        ++state.change_count_;
        if (!state.record_.watermark_us) state.record_.watermark_us = row.ingest_us - 1;
        state.record_.last_change_us = row.ingest_us;
      }
      if (encoder) {
        row.key = state.keys_->FindOrAdd(keys.key(i), keys.hash(i));
        state.rows_->Append(row);
      }
      ++state.row_count_;
    }
    return absl::OkStatus();
  }));
  if (state.row_count_ == 0) {
    state.rows_ = nullptr;
    state.keys_ = nullptr;
  }
  return absl::OkStatus();
}

absl::Status RecoverTable(const catalog::Table& table, const DeltaTableFound* delta, ApplyRecord record,
                          DatabaseCore& core, Connection& connection) {
  absl::MutexLock lock(&core.mutex);
  auto state = std::make_shared<TableState>(table.uid, record);
  core.last_time_us = std::max({core.last_time_us, record.applied_us, record.watermark_us.value_or(0)});
  if (record.watermark_us) state->last_tick_us_ = record.applied_us;
  if (delta == nullptr) {
    BQCDC_RETURN_IF_ERROR(connection.Run(CreateDeltaSql(table)));
  } else if (delta->rows_max > 0) {
    BQCDC_RETURN_IF_ERROR(ReadPendingRows(table, *state, connection, core.last_time_us));
    core.pending_rows += static_cast<int64_t>(state->row_count_);
  }
  if (Mutated(Mutant::kTombstonesLostOnRestart) && table.has_primary_key()) {
    BQCDC_RETURN_IF_ERROR(connection.Run(base::StrCat("DELETE FROM ", TombstoneTable(table.uid))));
  }
  core.tables[table.uid] = std::move(state);
  return absl::OkStatus();
}

// An ALTER makes the delta table anew, empty, before the baseline knows of it.
absl::Status RepairColumns(const catalog::Table& table, const ApplyRecord& record, Connection& connection) {
  BQCDC_ASSIGN_OR_RETURN(
      const auto rows, connection.ReadInt64(base::StrCat("SELECT count(*) FROM ", DeltaTable(table.uid),
                                                         " WHERE \"$ordinal\" > ", record.applied_ordinal)));
  if (rows.value_or(0) > 0) {
    return absl::DataLossError(
        base::StrCat("table ", table.id.ToString(), ": stored changes have other columns than the table"));
  }
  return connection.Run(base::StrCat("BEGIN;", DropDeltaSql(table.uid), CreateDeltaSql(table), "COMMIT"));
}

// Created streams; what belongs to tables that are gone, and staged rows of other columns than the table's,
// is removed.
absl::Status RecoverStreams(const catalog::CatalogState& catalog, DatabaseCore& core,
                            Connection& connection) {
  BQCDC_ASSIGN_OR_RETURN(StreamMap streams, ReadStreams(connection));
  BQCDC_ASSIGN_OR_RETURN(const auto staged_tables, ReadStagedTables(connection));
  for (const auto& [uid, versions] : staged_tables) {
    const catalog::Table* table = catalog.FindTable(uid);
    for (const int64_t version : versions) {
      if (table != nullptr && table->schema_version == version) continue;
      BQCDC_RETURN_IF_ERROR(connection.Run(DropStagedSql(uid, version)));
    }
  }
  for (auto of_table = streams.begin(); of_table != streams.end();) {
    if (catalog.FindTable(of_table->first) == nullptr) {
      BQCDC_RETURN_IF_ERROR(connection.Run(DeleteStreamsSql(of_table->first)));
      of_table = streams.erase(of_table);
    } else {
      ++of_table;
    }
  }
  absl::MutexLock lock(&core.mutex);
  for (const auto& [uid, of_table] : streams) {
    for (const auto& [id, stream] : of_table) {
      core.next_stream_number = std::max(core.next_stream_number, stream.number + 1);
      core.last_time_us = std::max(core.last_time_us, stream.commit_us.value_or(0));
    }
  }
  core.streams = std::move(streams);
  return absl::OkStatus();
}

}  // namespace

absl::Status Recover(DatabaseCore& core, Connection& connection) {
  BQCDC_ASSIGN_OR_RETURN(catalog::CatalogState catalog, ReadCatalog(connection));
  BQCDC_ASSIGN_OR_RETURN((std::map<int64_t, ApplyRecord> records), ReadRecords(connection));
  BQCDC_ASSIGN_OR_RETURN((std::map<int64_t, DeltaTableFound> deltas), ReadDeltaTables(connection));
  BQCDC_ASSIGN_OR_RETURN(
      const auto next_uid,
      connection.ReadInt64("SELECT value FROM baseline.main.meta WHERE name = 'next_uid'"));
  for (const auto& [uid, delta] : deltas) {
    if (catalog.FindTable(uid) == nullptr) BQCDC_RETURN_IF_ERROR(connection.Run(DropDeltaSql(uid)));
  }
  {
    absl::MutexLock lock(&core.mutex);
    core.next_uid = next_uid.value_or(1);
  }
  for (const auto& [uid, table] : catalog.tables()) {
    if (table->view) continue;
    const auto delta = deltas.find(uid);
    const bool found = delta != deltas.end();
    if (found && !delta->second.same_columns) {
      BQCDC_RETURN_IF_ERROR(RepairColumns(*table, records[uid], connection));
      delta->second.rows_max = 0;
    }
    BQCDC_RETURN_IF_ERROR(
        RecoverTable(*table, found ? &delta->second : nullptr, records[uid], core, connection));
  }
  BQCDC_RETURN_IF_ERROR(RecoverStreams(catalog, core, connection));
  absl::MutexLock lock(&core.mutex);
  core.catalog = std::make_shared<catalog::CatalogState>(std::move(catalog));
  if (Mutated(Mutant::kIngestBackwardsOnRestart)) core.last_time_us = 0;
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::engine
