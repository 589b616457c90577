#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/sql/statements/evaluation.h"

// The rows of a query as rows of a table.
namespace bqcdc::emulator::sql {

// `sql` with the values as the table keeps them. Columns that come before the table's are passed on under the
// names `before`, "a, b".
std::string ConstrainToColumns(const catalog::Table& table, const std::string& sql,
                               const std::string& before);
// What columns demand of their values.
absl::Status CheckRows(const catalog::Table& table, const engine::Chunk& rows);

// Runs `sql` and checks what the columns demand: NOT NULL, lengths, precisions. The batch names no table yet.
absl::StatusOr<engine::AppendBatch> ReadRows(Evaluation& evaluation, const catalog::Table& table,
                                             const std::string& sql);

// Appends the rows durably; returns how many. REQUIRES: the statement is past its point of no return.
absl::StatusOr<int64_t> AppendRows(engine::Database& database, const catalog::Table& table,
                                   engine::AppendBatch rows);

}  // namespace bqcdc::emulator::sql
