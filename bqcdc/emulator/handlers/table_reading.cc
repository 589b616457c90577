#include "bqcdc/emulator/handlers/table_reading.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/logical_size.h"

namespace bqcdc::emulator::handlers {
namespace {

// The only row and column of a query.
absl::StatusOr<int64_t> ReadInteger(engine::ReadSession& session, const std::string& sql) {
  BQCDC_ASSIGN_OR_RETURN(const auto result, session.Execute(sql));
  BQCDC_ASSIGN_OR_RETURN(const auto chunk, result->Next());
  if (!chunk || chunk->row_count() != 1) return absl::InternalError("a query of one row gave none");
  return chunk->Reader(0).Int64(0);
}

absl::StatusOr<int64_t> CountRows(engine::ReadSession& session, const std::string& relation) {
  return ReadInteger(session, base::StrCat("SELECT count(*)::BIGINT FROM ", relation, " AS t"));
}

}  // namespace

catalog::TableId TableOf(const MethodCall& call) {
  return {call.Path("projectId"), call.Path("datasetId"), call.Path("tableId")};
}

bool HasRows(const Job& job) { return job.state() == JobState::kDone && job.status().ok(); }

absl::StatusOr<convert::TableSize> MeasureTable(engine::Database& database, const catalog::Table& table) {
  if (table.view) return convert::TableSize{};
  BQCDC_ASSIGN_OR_RETURN(const auto session, database.BeginRead());
  BQCDC_ASSIGN_OR_RETURN(const std::string relation, session->RelationSql(table));
  BQCDC_ASSIGN_OR_RETURN(const int64_t rows, CountRows(*session, relation));
  // As a table is that was just made; thousands of columns take a while.
  if (rows == 0) return convert::TableSize{};
  BQCDC_ASSIGN_OR_RETURN(const int64_t bytes,
                         ReadInteger(*session, base::StrCat("SELECT sum(", engine::LogicalRowBytesSql(table),
                                                            ")::BIGINT FROM ", relation, " AS t")));
  return convert::TableSize{.rows = rows, .bytes = bytes};
}

absl::StatusOr<TableRows> ReadTable(engine::Database& database, const catalog::Table& table, int64_t first,
                                    int64_t count) {
  TableRows rows;
  BQCDC_ASSIGN_OR_RETURN(const auto session, database.BeginRead());
  BQCDC_ASSIGN_OR_RETURN(const std::string relation, session->RelationSql(table));
  BQCDC_ASSIGN_OR_RETURN(rows.total, CountRows(*session, relation));
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
