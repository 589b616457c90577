#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"
#include "bqcdc/emulator/engine/write_stream.h"

// Created write streams in the delta file, so that one transaction stores rows and their stream's offset:
//   stream(uid, id, number, …)   one row a stream
//   s<uid>v<version>             rows of a table's PENDING and BUFFERED streams that nobody may see yet, with
//                                the columns of that version of the table; `$stream` is the stream's number,
//                                `$offset` the row's place in it
namespace bqcdc::emulator::engine {

// Without file and schema, as the appender wants it.
std::string StagedTableName(int64_t uid, int64_t schema_version);
std::string StagedTable(int64_t uid, int64_t schema_version);

std::string CreateStreamTableSql();
std::string CreateStagedSql(const catalog::Table& table);
std::string DropStagedSql(int64_t uid, int64_t schema_version);
// Fills the staged table of `after` from that of `before`; both exist.
std::string CopyStagedSql(const catalog::Table& before, const catalog::Table& after);
// The same where the columns of both are the same but for their names.
std::string CopyRenamedStagedSql(const catalog::Table& before, const catalog::Table& after);

std::string InsertStreamSql(const WriteStream& stream);
std::string UpdateStreamSql(const WriteStream& stream);
std::string DeleteStreamSql(int64_t table_uid, const std::string& id);
std::string DeleteStreamsSql(int64_t table_uid);

// Rows [begin, end) of a stream.
struct StreamRange {
  int64_t number = 0;
  int64_t begin = 0;
  int64_t end = 0;
};
// Copies staged rows into the delta as plain rows, numbered from `first_ordinal`.
std::string ReleaseSql(const catalog::Table& table, const std::vector<StreamRange>& ranges, int64_t ingest_us,
                       int64_t first_ordinal);
std::string DeleteStagedSql(const catalog::Table& table, const std::vector<StreamRange>& ranges);

// All streams, by table and id.
using StreamMap = std::map<int64_t, std::map<std::string, WriteStream>>;
absl::StatusOr<StreamMap> ReadStreams(Connection& connection);
// Staged tables as they are found: uid → versions.
absl::StatusOr<std::map<int64_t, std::vector<int64_t>>> ReadStagedTables(Connection& connection);
// Removes what is stored of the streams of a table that is gone.
absl::Status RemoveStreamsOf(int64_t table_uid, Connection& connection);

}  // namespace bqcdc::emulator::engine
