#include "bqcdc/emulator/sql/statements/append_rows.h"

#include "absl/synchronization/notification.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/insert_rows.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/statements/stored_values.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {

using schema::Column;

std::string ConstrainToColumns(const catalog::Table& table, const std::string& sql,
                               const std::string& before) {
  std::string names = before;
  std::string cells = before;
  for (size_t i = 0; i < table.schema.columns.size(); ++i) {
    const std::string name = base::StrCat("a", i);
    base::StrAppend(&names, names.empty() ? "" : ", ", name);
    base::StrAppend(&cells, cells.empty() ? "" : ", ", ConstrainSql(table.schema.columns[i], name));
  }
  return names == cells ? sql : base::StrCat("SELECT ", cells, " FROM (", sql, ") AS q(", names, ")");
}

absl::Status CheckRows(const catalog::Table& table, const engine::Chunk& rows) {
  for (size_t i = 0; i < table.schema.columns.size(); ++i) {
    BQCDC_RETURN_IF_ERROR(CheckStored(rows, i, table.schema.columns[i]));
  }
  return absl::OkStatus();
}

absl::StatusOr<engine::AppendBatch> ReadRows(Evaluation& evaluation, const catalog::Table& table,
                                             const std::string& sql) {
  auto rows = engine::ReadInsertedRows(table, ConstrainToColumns(table, sql, ""), evaluation.session());
  if (!rows.ok()) return EvaluationError(rows.status());
  for (const engine::Chunk& chunk : rows->chunks) {
    BQCDC_RETURN_IF_ERROR(CheckRows(table, chunk));
  }
  return rows;
}

absl::StatusOr<int64_t> AppendRows(engine::Database& database, const catalog::Table& table,
                                   engine::AppendBatch rows) {
  rows.table_uid = table.uid;
  rows.schema_version = table.schema_version;
  int64_t count = 0;
  for (const engine::Chunk& chunk : rows.chunks) count += static_cast<int64_t>(chunk.row_count());
  if (count == 0) return 0;
  absl::Status status;
  absl::Notification durable;
  database.Append(std::move(rows), [&](absl::Status result) {
    status = std::move(result);
    durable.Notify();
  });
  durable.WaitForNotification();
  if (!status.ok()) return status;
  return count;
}

}  // namespace bqcdc::emulator::sql
