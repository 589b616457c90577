#include "bqcdc/emulator/engine/insert_rows.h"

#include <string>
#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/limits.h"
#include "bqcdc/emulator/engine/relation_sql.h"
#include "bqcdc/emulator/engine/storage_type.h"
#include "bqcdc/emulator/errors.h"
#include "duckdb.h"

namespace bqcdc::emulator::engine {
namespace {

// A rough size of a value, for the limit of what may wait.
constexpr int64_t kValueBytesGuess = 16;

// The same rows with the server's own columns behind them; the values are shared, not copied.
Chunk AsPlainRows(const catalog::Table& table, const Chunk& rows) {
  Chunk chunk(table.schema.columns, /*change_columns=*/true);
  const auto from = static_cast<duckdb_data_chunk>(rows.handle());
  const auto to = static_cast<duckdb_data_chunk>(chunk.handle());
  const size_t columns = table.schema.columns.size();
  for (size_t i = 0; i < columns; ++i) {
    duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(to, i),
                                   duckdb_data_chunk_get_vector(from, i));
  }
  VectorWriter operation = chunk.Writer(columns + static_cast<size_t>(ChangeColumn::kOperation));
  VectorWriter high = chunk.Writer(columns + static_cast<size_t>(ChangeColumn::kSequenceHigh));
  VectorWriter low = chunk.Writer(columns + static_cast<size_t>(ChangeColumn::kSequenceLow));
  for (size_t row = 0; row < rows.row_count(); ++row) {
    operation.SetUint8(row, static_cast<uint8_t>(RowOperation::kPlain));
    high.SetNull(row);
    low.SetNull(row);
  }
  chunk.SetRowCount(rows.row_count());
  return chunk;
}

}  // namespace

std::string CastColumns(const catalog::Table& table) {
  std::string values;
  for (const schema::Column& column : table.schema.columns) {
    base::StrAppend(&values, values.empty() ? "" : ", ", StoredSql(column, QuoteIdentifier(column.name)));
  }
  return values;
}

absl::Status CheckRequired(const catalog::Table& table, const Chunk& rows) {
  for (size_t column = 0; column < table.schema.columns.size(); ++column) {
    if (!table.schema.columns[column].required()) continue;
    const VectorReader reader = rows.Reader(column);
    for (size_t row = 0; row < rows.row_count(); ++row) {
      if (reader.IsNull(row)) {
        return errors::InvalidQuery(
            base::StrCat("Required field ", table.schema.columns[column].name, " cannot be null"));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<AppendBatch> ReadInsertedRows(const catalog::Table& table, std::string_view duckdb_sql,
                                             ReadSession& session) {
  BQCDC_ASSIGN_OR_RETURN(auto result,
                         session.Execute(base::StrCat("SELECT ", CastColumns(table), " FROM (", duckdb_sql,
                                                      ") AS q(", ColumnList(table), ")")));
  AppendBatch batch;
  batch.table_uid = table.uid;
  batch.schema_version = table.schema_version;
  int64_t row_count = 0;
  while (true) {
    BQCDC_ASSIGN_OR_RETURN(std::optional<Chunk> rows, result->Next());
    if (!rows) return batch;
    BQCDC_RETURN_IF_ERROR(CheckRequired(table, *rows));
    row_count += static_cast<int64_t>(rows->row_count());
    if (row_count > kInsertRowsMax) {
      return errors::InvalidQuery(
          base::StrCat("INSERT of more than ", kInsertRowsMax, " rows is not supported"));
    }
    batch.bytes += static_cast<int64_t>(rows->row_count() * table.schema.columns.size()) * kValueBytesGuess;
    batch.chunks.push_back(AsPlainRows(table, *rows));
  }
}

}  // namespace bqcdc::emulator::engine
