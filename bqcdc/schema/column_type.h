#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bqcdc::schema {

// The types of BigQuery columns, neutral of SQL, REST and wire.
enum class ColumnType : uint8_t {
  kBool,
  kInt64,
  kFloat64,
  kNumeric,
  kBigNumeric,
  kString,
  kBytes,
  kDate,
  kDatetime,
  kTime,
  kTimestamp,
  kJson,
  kInterval,
  kGeography,
  kRange,
  kStruct,
};
inline constexpr int kColumnTypeCount = static_cast<int>(ColumnType::kStruct) + 1;

// GoogleSQL's name: "INT64", "STRUCT".
std::string_view SqlName(ColumnType type);

// Name in REST answers: "INTEGER", "FLOAT", "BOOLEAN", "RECORD"; the others as in GoogleSQL.
std::string_view RestName(ColumnType type);

// Finds a type by any spelling that REST and DDL take, case ignored: "INT64", "INTEGER", "INT", "BIGINT",
// "DECIMAL", "FLOAT", "RECORD" ...; nullopt for anything else.
std::optional<ColumnType> FindColumnType(std::string_view name);

// True for the types that a primary key takes
// (https://cloud.google.com/bigquery/docs/primary-foreign-keys).
bool IsKeyType(ColumnType type);

}  // namespace bqcdc::schema
