#include "bqcdc/emulator/handlers/table_reading.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/logical_size.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::handlers {
namespace {

// The only row of a query over `relation`, which has `count` columns, all BIGINT and not NULL.
absl::StatusOr<std::vector<int64_t>> ReadIntegers(engine::ReadSession& session, const std::string& columns,
                                                  size_t count, const std::string& relation) {
  BQCDC_ASSIGN_OR_RETURN(const auto result,
                         session.Execute(base::StrCat("SELECT ", columns, " FROM ", relation, " AS t")));
  BQCDC_ASSIGN_OR_RETURN(const auto chunk, result->Next());
  if (!chunk || chunk->row_count() != 1) return absl::InternalError("a query of one row gave none");
  std::vector<int64_t> integers;
  for (size_t i = 0; i < count; ++i) integers.push_back(chunk->Reader(i).Int64(0));
  return integers;
}

absl::StatusOr<int64_t> ReadInteger(engine::ReadSession& session, const std::string& column,
                                    const std::string& relation) {
  BQCDC_ASSIGN_OR_RETURN(const std::vector<int64_t> integers, ReadIntegers(session, column, 1, relation));
  return integers[0];
}

constexpr char kRowCount[] = "count(*)::BIGINT";

std::string LogicalBytes(const catalog::Table& table) {
  return base::StrCat("coalesce(sum(", engine::LogicalRowBytesSql(table), "), 0)::BIGINT");
}

absl::StatusOr<std::optional<convert::StreamingBuffer>> MeasurePending(engine::ReadSession& session,
                                                                       const catalog::Table& table) {
  BQCDC_ASSIGN_OR_RETURN(const std::string relation, session.PendingRelationSql(table));
  BQCDC_ASSIGN_OR_RETURN(const int64_t rows, ReadInteger(session, kRowCount, relation));
  if (rows == 0) return std::nullopt;
  BQCDC_ASSIGN_OR_RETURN(
      const std::vector<int64_t> of_rows,
      ReadIntegers(session, base::StrCat(LogicalBytes(table), ", min(\"$ingest\")::BIGINT"), 2, relation));
  return convert::StreamingBuffer{.rows = rows, .bytes = of_rows[0], .oldest_entry_ms = of_rows[1] / 1000};
}

}  // namespace

absl::StatusOr<catalog::TableId> TableOf(const MethodCall& call) {
  const std::string& name = call.Path("tableId");
  if (name.find('$') != std::string::npos)
    return errors::NotImplemented("partition decorators, as in " + name);
  return catalog::TableId{call.Path("projectId"), call.Path("datasetId"), name};
}

bool HasRows(const Job& job) { return job.state() == JobState::kDone && job.status().ok(); }

absl::StatusOr<convert::TableSize> MeasureTable(engine::Database& database, const catalog::Table& table) {
  if (table.view) return convert::TableSize{};
  BQCDC_ASSIGN_OR_RETURN(const auto session, database.BeginRead());
  convert::TableSize size;
  BQCDC_ASSIGN_OR_RETURN(size.streaming_buffer, MeasurePending(*session, table));
  BQCDC_ASSIGN_OR_RETURN(const std::string relation,
                         session->RelationSql(table, engine::IngestColumn::kShown));
  BQCDC_ASSIGN_OR_RETURN(size.rows, ReadInteger(*session, kRowCount, relation));
  // As a table is that was just made; thousands of columns take a while.
  if (size.rows == 0) return size;
  BQCDC_ASSIGN_OR_RETURN(
      const std::vector<int64_t> of_rows,
      ReadIntegers(*session, base::StrCat(LogicalBytes(table), ", max(\"$ingest\")::BIGINT"), 2, relation));
  size.bytes = of_rows[0];
  size.newest_row_ms = of_rows[1] / 1000;
  return size;
}

absl::StatusOr<TableRows> ReadTable(engine::Database& database, const catalog::Table& table, int64_t first,
                                    int64_t count) {
  TableRows rows;
  BQCDC_ASSIGN_OR_RETURN(const auto session, database.BeginRead());
  BQCDC_ASSIGN_OR_RETURN(const std::string relation, session->RelationSql(table));
  BQCDC_ASSIGN_OR_RETURN(rows.total, ReadInteger(*session, kRowCount, relation));
  if (count == 0 || first >= rows.total) return rows;
  BQCDC_ASSIGN_OR_RETURN(
      const auto result,
      session->Execute(base::StrCat("SELECT * FROM ", relation, " AS t LIMIT ", count, " OFFSET ", first)));
  for (;;) {
    BQCDC_ASSIGN_OR_RETURN(auto chunk, result->Next());
    if (!chunk) return rows;
    rows.chunks.push_back(*std::move(chunk));
  }
}

}  // namespace bqcdc::emulator::handlers
