#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::schema {

// What a column without a type is: a STRING, as in `bq`, or an error, where a word that slipped in would do
// harm.
enum class UntypedColumn { kIsString, kIsRefused };

// Reads the inline form of `bq`: "id:INT64,name:STRING(20),price:NUMERIC(10,2)". Commas inside parentheses or
// angle brackets belong to the type; RANGE<DATE> is taken, STRUCT and ARRAY are refused (nested columns come
// by file). All columns are NULLABLE.
absl::StatusOr<std::vector<Column>> ParseInlineSchema(std::string_view text,
                                                      UntypedColumn untyped = UntypedColumn::kIsString);

// Reads one type as DDL writes it without nesting: "STRING(20)", "NUMERIC(10, 2)", "RANGE<DATE>",
// "TIMESTAMP(12)", and puts it with its parameters into `column`.
absl::Status ParseScalarType(std::string_view text, Column* column);

}  // namespace bqcdc::schema
