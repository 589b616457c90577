#include "bqcdc/emulator/engine/stream_sql.h"

#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/cdc/row_operation.h"
#include "bqcdc/emulator/engine/physical_tables.h"
#include "bqcdc/emulator/engine/relation_sql.h"
#include "bqcdc/emulator/engine/storage_type.h"
#include "bqcdc/emulator/engine/store.h"

namespace bqcdc::emulator::engine {
namespace {

constexpr const char* kStagedOwnColumns = "\"$op\", \"$seq_high\", \"$seq_low\", \"$stream\", \"$offset\"";
constexpr const char* kStreamTable = "delta.main.stream";

std::string RangesCondition(const std::vector<StreamRange>& ranges) {
  std::string sql = "(FALSE";
  for (const StreamRange& range : ranges) {
    base::StrAppend(&sql, " OR (\"$stream\" = ", range.number, " AND \"$offset\" >= ", range.begin,
                    " AND \"$offset\" < ", range.end, ")");
  }
  return sql + ")";
}

std::string SqlOf(std::optional<int64_t> value) { return value ? base::StrCat(*value) : "NULL"; }

}  // namespace

std::string StagedTableName(int64_t uid, int64_t schema_version) {
  return base::StrCat("s", uid, "v", schema_version);
}

std::string StagedTable(int64_t uid, int64_t schema_version) {
  return base::StrCat("delta.main.", StagedTableName(uid, schema_version));
}

std::string CreateStreamTableSql() {
  return base::StrCat("CREATE TABLE IF NOT EXISTS ", kStreamTable,
                      "(uid BIGINT, id VARCHAR, number BIGINT, type BIGINT, finalized BOOLEAN, next_offset "
                      "BIGINT, released BIGINT, create_us BIGINT, commit_us BIGINT, touched_us BIGINT);");
}

std::string CreateStagedSql(const catalog::Table& table) {
  std::string sql =
      base::StrCat("CREATE TABLE IF NOT EXISTS ", StagedTable(table.uid, table.schema_version), "(");
  for (const schema::Column& column : table.schema.columns) {
    base::StrAppend(&sql, QuoteIdentifier(column.name), " ", StorageSql(column), ", ");
  }
  // The types are those of the change columns, so that the decoder's chunks fit as they are.
  return sql +
         "\"$op\" UTINYINT, \"$seq_high\" UHUGEINT, \"$seq_low\" UHUGEINT, \"$stream\" BIGINT, \"$offset\" "
         "BIGINT);";
}

std::string DropStagedSql(int64_t uid, int64_t schema_version) {
  return base::StrCat("DROP TABLE IF EXISTS ", StagedTable(uid, schema_version), ";");
}

std::string CopyStagedSql(const catalog::Table& before, const catalog::Table& after) {
  const ColumnCopy copy = CopyColumns(before, after);
  return base::StrCat("INSERT INTO ", StagedTable(after.uid, after.schema_version), "(", copy.names,
                      kStagedOwnColumns, ") SELECT ", copy.values, kStagedOwnColumns, " FROM ",
                      StagedTable(before.uid, before.schema_version), ";");
}

std::string CopyRenamedStagedSql(const catalog::Table& before, const catalog::Table& after) {
  return base::StrCat("INSERT INTO ", StagedTable(after.uid, after.schema_version), "(", ColumnList(after),
                      ", ", kStagedOwnColumns, ") SELECT ", ColumnList(before), ", ", kStagedOwnColumns,
                      " FROM ", StagedTable(before.uid, before.schema_version), ";");
}

std::string InsertStreamSql(const WriteStream& stream) {
  return base::StrCat("INSERT INTO ", kStreamTable, " VALUES (", stream.table_uid, ", ",
                      QuoteLiteral(stream.id), ", ", stream.number, ", ", static_cast<int>(stream.type), ", ",
                      stream.finalized ? "TRUE" : "FALSE", ", ", stream.next_offset, ", ", stream.released,
                      ", ", stream.create_us, ", ", SqlOf(stream.commit_us), ", ", stream.touched_us, ");");
}

std::string UpdateStreamSql(const WriteStream& stream) {
  return base::StrCat("UPDATE ", kStreamTable, " SET finalized = ", stream.finalized ? "TRUE" : "FALSE",
                      ", next_offset = ", stream.next_offset, ", released = ", stream.released,
                      ", commit_us = ", SqlOf(stream.commit_us), ", touched_us = ", stream.touched_us,
                      " WHERE uid = ", stream.table_uid, " AND id = ", QuoteLiteral(stream.id), ";");
}

std::string DeleteStreamSql(int64_t table_uid, const std::string& id) {
  return base::StrCat("DELETE FROM ", kStreamTable, " WHERE uid = ", table_uid,
                      " AND id = ", QuoteLiteral(id), ";");
}

std::string DeleteStreamsSql(int64_t table_uid) {
  return base::StrCat("DELETE FROM ", kStreamTable, " WHERE uid = ", table_uid, ";");
}

std::string ReleaseSql(const catalog::Table& table, const std::vector<StreamRange>& ranges, int64_t ingest_us,
                       int64_t first_ordinal) {
  const std::string columns = ColumnList(table);
  return base::StrCat("INSERT INTO ", DeltaTable(table.uid), "(", columns,
                      ", \"$op\", \"$seq_high\", \"$seq_low\", \"$ingest\", \"$ordinal\") SELECT ", columns,
                      ", ", static_cast<int>(cdc::RowOperation::kPlain), ", NULL, NULL, ", ingest_us, ", ",
                      first_ordinal - 1, " + row_number() OVER (ORDER BY \"$stream\", \"$offset\") FROM ",
                      StagedTable(table.uid, table.schema_version), " WHERE ", RangesCondition(ranges), ";");
}

std::string DeleteStagedSql(const catalog::Table& table, const std::vector<StreamRange>& ranges) {
  return base::StrCat("DELETE FROM ", StagedTable(table.uid, table.schema_version), " WHERE ",
                      RangesCondition(ranges), ";");
}

absl::StatusOr<StreamMap> ReadStreams(Connection& connection) {
  StreamMap streams;
  BQCDC_RETURN_IF_ERROR(connection.Read(
      base::StrCat("SELECT uid, id, number, type, finalized, next_offset, released, create_us, commit_us, "
                   "touched_us FROM ",
                   kStreamTable),
      [&](const Chunk& chunk) {
        for (size_t i = 0; i < chunk.row_count(); ++i) {
          WriteStream stream;
          stream.table_uid = chunk.Reader(0).Int64(i);
          stream.id = std::string(chunk.Reader(1).Bytes(i));
          stream.number = chunk.Reader(2).Int64(i);
          stream.type = static_cast<WriteStreamType>(chunk.Reader(3).Int64(i));
          stream.finalized = chunk.Reader(4).Bool(i);
          stream.next_offset = chunk.Reader(5).Int64(i);
          stream.released = chunk.Reader(6).Int64(i);
          stream.create_us = chunk.Reader(7).Int64(i);
          if (!chunk.Reader(8).IsNull(i)) stream.commit_us = chunk.Reader(8).Int64(i);
          stream.touched_us = chunk.Reader(9).Int64(i);
          auto& of_table = streams[stream.table_uid];
          std::string id = stream.id;
          of_table[std::move(id)] = std::move(stream);
        }
        return absl::OkStatus();
      }));
  return streams;
}

absl::StatusOr<std::map<int64_t, std::vector<int64_t>>> ReadStagedTables(Connection& connection) {
  std::map<int64_t, std::vector<int64_t>> found;
  BQCDC_RETURN_IF_ERROR(
      connection.Read("SELECT regexp_extract(table_name, '^s(\\d+)v(\\d+)$', 1)::BIGINT, "
                      "regexp_extract(table_name, '^s(\\d+)v(\\d+)$', 2)::BIGINT FROM duckdb_tables() "
                      "WHERE database_name = 'delta' AND regexp_matches(table_name, '^s\\d+v\\d+$')",
                      [&](const Chunk& chunk) {
                        for (size_t i = 0; i < chunk.row_count(); ++i) {
                          found[chunk.Reader(0).Int64(i)].push_back(chunk.Reader(1).Int64(i));
                        }
                        return absl::OkStatus();
                      }));
  return found;
}

absl::Status RemoveStreamsOf(int64_t table_uid, Connection& connection) {
  BQCDC_ASSIGN_OR_RETURN(const auto staged, ReadStagedTables(connection));
  std::string sql = DeleteStreamsSql(table_uid);
  if (const auto found = staged.find(table_uid); found != staged.end()) {
    for (const int64_t version : found->second) sql += DropStagedSql(table_uid, version);
  }
  BQCDC_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(connection));
  BQCDC_RETURN_IF_ERROR(connection.Run(sql));
  return transaction.Commit();
}

}  // namespace bqcdc::emulator::engine
