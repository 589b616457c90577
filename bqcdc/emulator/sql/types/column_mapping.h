#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/sql/types/type.h"
#include "bqcdc/schema/table_schema.h"

// Types of expressions beside columns of tables and DuckDB's types.
namespace bqcdc::emulator::sql {

// The type that an expression over the column has; REPEATED gives an ARRAY.
Type TypeOfColumn(const schema::Column& column);

// A result column of the type. Fails for an ARRAY of ARRAY, which no column holds.
absl::StatusOr<schema::Column> ColumnOfType(const std::string& name, const Type& type);

// DuckDB's type as text: `BIGINT`, `DECIMAL(38,9)`, `STRUCT("a" BIGINT, "b" VARCHAR[])`.
std::string DuckDbType(const Type& type);

// The names that the fields of a STRUCT have inside of DuckDB: their own, where all are there and differ,
// else f0, f1, ...
std::vector<std::string> DuckDbFieldNames(const Type& struct_type);

// "name" with quotes doubled; 'text' with quotes doubled.
std::string QuoteDuckDbName(std::string_view name);
std::string QuoteDuckDbText(std::string_view text);

}  // namespace bqcdc::emulator::sql
