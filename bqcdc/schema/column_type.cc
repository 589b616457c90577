#include "bqcdc/schema/column_type.h"

#include <array>

#include "bqcdc/schema/ascii_case.h"

namespace bqcdc::schema {
namespace {

struct Names {
  std::string_view sql;
  std::string_view rest;
};

// In the order of ColumnType.
constexpr std::array<Names, kColumnTypeCount> kNames = {{{"BOOL", "BOOLEAN"},
                                                         {"INT64", "INTEGER"},
                                                         {"FLOAT64", "FLOAT"},
                                                         {"NUMERIC", "NUMERIC"},
                                                         {"BIGNUMERIC", "BIGNUMERIC"},
                                                         {"STRING", "STRING"},
                                                         {"BYTES", "BYTES"},
                                                         {"DATE", "DATE"},
                                                         {"DATETIME", "DATETIME"},
                                                         {"TIME", "TIME"},
                                                         {"TIMESTAMP", "TIMESTAMP"},
                                                         {"JSON", "JSON"},
                                                         {"INTERVAL", "INTERVAL"},
                                                         {"GEOGRAPHY", "GEOGRAPHY"},
                                                         {"RANGE", "RANGE"},
                                                         {"STRUCT", "RECORD"}}};

struct Alias {
  std::string_view name;
  ColumnType type;
};

// https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types, "Alias".
constexpr Alias kAliases[] = {
    {"INT", ColumnType::kInt64},
    {"SMALLINT", ColumnType::kInt64},
    {"BIGINT", ColumnType::kInt64},
    {"TINYINT", ColumnType::kInt64},
    {"BYTEINT", ColumnType::kInt64},
    {"DECIMAL", ColumnType::kNumeric},
    {"BIGDECIMAL", ColumnType::kBigNumeric},
};

}  // namespace

std::string_view SqlName(ColumnType type) { return kNames[static_cast<size_t>(type)].sql; }

std::string_view RestName(ColumnType type) { return kNames[static_cast<size_t>(type)].rest; }

std::optional<ColumnType> FindColumnType(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (EqualsIgnoreCase(name, kNames[i].sql) || EqualsIgnoreCase(name, kNames[i].rest)) {
      return static_cast<ColumnType>(i);
    }
  }
  for (const Alias& alias : kAliases) {
    if (EqualsIgnoreCase(name, alias.name)) return alias.type;
  }
  return std::nullopt;
}

bool IsKeyType(ColumnType type) {
  switch (type) {
    case ColumnType::kBigNumeric:
    case ColumnType::kBool:
    case ColumnType::kBytes:
    case ColumnType::kDate:
    case ColumnType::kDatetime:
    case ColumnType::kInt64:
    case ColumnType::kNumeric:
    case ColumnType::kString:
    case ColumnType::kTimestamp:
      return true;
    default:
      return false;
  }
}

}  // namespace bqcdc::schema
