#pragma once

#include <string>
#include <string_view>

#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"
#include "duckdb.h"

// How a column type is kept in DuckDB. For this folder only.
namespace bqcdc::emulator::engine {

// The server's own columns. BigQuery's column names cannot hold a '$'
// (https://cloud.google.com/bigquery/docs/schemas#flexible-column-names), so they never meet a table's.
inline constexpr std::string_view kChangeColumnNames[kChangeColumnCount] = {"$op", "$seq_high", "$seq_low",
                                                                            "$ingest", "$ordinal"};
inline constexpr duckdb_type kChangeColumnTypes[kChangeColumnCount] = {
    DUCKDB_TYPE_UTINYINT, DUCKDB_TYPE_UHUGEINT, DUCKDB_TYPE_UHUGEINT, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_BIGINT};

// The type of a column's vectors; the caller destroys it.
duckdb_logical_type MakeLogicalType(const schema::Column& column);

// The same as SQL: "BIGINT", "STRUCT(\"a\" VARCHAR)[]". With `element` the list around a repeated column is
// left out.
std::string StorageSql(const schema::Column& column, bool element = false);

// A value for the column, of a type that casts to its own, as the table keeps it: an ARRAY is never NULL in
// a table but empty, at any depth
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#array_nulls).
std::string StoredSql(const schema::Column& column, const std::string& value);

// `"name"`, quotes doubled.
std::string QuoteIdentifier(std::string_view name);
// `'text'`, quotes doubled.
std::string QuoteLiteral(std::string_view text);

}  // namespace bqcdc::emulator::engine
