#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::schema {

inline constexpr std::string_view kChangeTypeColumn = "_CHANGE_TYPE";
inline constexpr std::string_view kChangeSequenceNumberColumn = "_CHANGE_SEQUENCE_NUMBER";

// https://cloud.google.com/bigquery/docs/schemas#column_names
inline constexpr size_t kColumnNameCharactersMax = 300;
// https://cloud.google.com/bigquery/quotas#all_tables: columns of a table, those of STRUCTs counted in.
inline constexpr size_t kColumnsMax = 10'000;
// https://cloud.google.com/bigquery/docs/nested-repeated#limitations
inline constexpr int kStructDepthMax = 15;
// https://cloud.google.com/bigquery/docs/primary-foreign-keys
inline constexpr size_t kPrimaryKeyColumnsMax = 16;

// True for the pseudo-columns _CHANGE_TYPE and _CHANGE_SEQUENCE_NUMBER, ASCII case ignored.
bool IsPseudoColumn(std::string_view name);

// Checks one name: not empty, at most kColumnNameCharactersMax characters of UTF-8, none of the characters
// that flexible column names exclude, no reserved prefix.
absl::Status ValidateColumnName(std::string_view name);

// Checks a whole list with its nested fields: names, duplicates without regard to case, STRUCTs with and
// other types without fields, depth, count, parameters in range, a RANGE's element type.
absl::Status ValidateColumns(const std::vector<Column>& columns);

// Checks columns and key: at most 16 key columns, each present once, top-level, of a type that keys take.
absl::Status ValidateTableSchema(const TableSchema& schema);

}  // namespace bqcdc::schema
