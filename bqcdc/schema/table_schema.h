#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/schema/column_type.h"

namespace bqcdc::schema {

enum class ColumnMode : uint8_t { kNullable, kRequired, kRepeated };

// "NULLABLE", "REQUIRED", "REPEATED".
std::string_view ModeName(ColumnMode mode);

// A column of a table or a field of a STRUCT.
struct Column {
  std::string name = {};
  ColumnType type = ColumnType::kString;
  ColumnMode mode = ColumnMode::kNullable;
  // Fields of a STRUCT; empty for every other type.
  std::vector<Column> fields = {};

  // Parameters of the type; unset = the type's own limit.
  std::optional<int64_t> max_length = {};  // STRING: characters, BYTES: bytes
  std::optional<int64_t> precision = {};   // NUMERIC, BIGNUMERIC
  std::optional<int64_t> scale = {};       // only together with precision
  // Decimal digits of a TIMESTAMP's second where it is not 6 (12 = picoseconds).
  std::optional<int64_t> timestamp_precision = {};
  // Of a RANGE: kDate, kDatetime or kTimestamp.
  std::optional<ColumnType> range_element_type = {};

  // A SQL expression as text; empty = none.
  std::string default_value_expression = {};
  std::string description = {};

  bool repeated() const { return mode == ColumnMode::kRepeated; }
  bool required() const { return mode == ColumnMode::kRequired; }
  // A TIMESTAMP that keeps twelve digits of a second.
  bool picoseconds() const { return type == ColumnType::kTimestamp && timestamp_precision == 12; }

  friend bool operator==(const Column&, const Column&) = default;
};

// What a table is: columns in order and the names of its primary key, in key order. A value type; not
// synchronised.
struct TableSchema {
  std::vector<Column> columns;
  std::vector<std::string> primary_key;

  bool has_primary_key() const { return !primary_key.empty(); }

  // Finds a top-level column, ASCII case ignored; nullptr where there is none. The pointer lives as long as
  // `columns` stays unchanged.
  const Column* FindColumn(std::string_view name) const;
  std::optional<size_t> FindColumnIndex(std::string_view name) const;

  // Position of a column in the key, nullopt where it is no part of it.
  std::optional<size_t> KeyPosition(std::string_view name) const;

  friend bool operator==(const TableSchema&, const TableSchema&) = default;
};

// Finds a column of a list, ASCII case ignored; nullptr where there is none.
const Column* FindColumnIn(const std::vector<Column>& columns, std::string_view name);

// What a value of the type consists of: the fields of a STRUCT, the ends "start" and "end" of a RANGE (NULL
// is unbounded), nothing for every other type.
const std::vector<Column>& PartsOf(const Column& column);

// The type as DDL writes it: "NUMERIC(10, 2)", "ARRAY<STRUCT<a INT64, `order` STRING(3)>>", "RANGE<DATE>".
// With `element` the ARRAY around a repeated column is left out.
std::string SqlType(const Column& column, bool element = false);

}  // namespace bqcdc::schema
