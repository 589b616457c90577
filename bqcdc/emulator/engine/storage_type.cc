#include "bqcdc/emulator/engine/storage_type.h"

#include <algorithm>
#include <vector>

#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::engine {
namespace {

using schema::Column;
using schema::ColumnType;

constexpr uint8_t kNumericWidth = 38;
constexpr uint8_t kNumericScale = 9;

duckdb_type SimpleType(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return DUCKDB_TYPE_BOOLEAN;
    case ColumnType::kInt64:
      return DUCKDB_TYPE_BIGINT;
    case ColumnType::kFloat64:
      return DUCKDB_TYPE_DOUBLE;
    case ColumnType::kNumeric:
      return DUCKDB_TYPE_DECIMAL;
    case ColumnType::kBigNumeric:
    case ColumnType::kBytes:
      return DUCKDB_TYPE_BLOB;
    case ColumnType::kString:
    case ColumnType::kJson:
    case ColumnType::kGeography:
      return DUCKDB_TYPE_VARCHAR;
    case ColumnType::kDate:
      return DUCKDB_TYPE_DATE;
    case ColumnType::kDatetime:
      return DUCKDB_TYPE_TIMESTAMP;
    case ColumnType::kTime:
      return DUCKDB_TYPE_TIME;
    case ColumnType::kTimestamp:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
    case ColumnType::kInterval:
      return DUCKDB_TYPE_INTERVAL;
    case ColumnType::kRange:
    case ColumnType::kStruct:
      return DUCKDB_TYPE_STRUCT;
  }
  return DUCKDB_TYPE_INVALID;
}

std::string_view SimpleSql(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return "BOOLEAN";
    case ColumnType::kInt64:
      return "BIGINT";
    case ColumnType::kFloat64:
      return "DOUBLE";
    case ColumnType::kNumeric:
      return "DECIMAL(38,9)";
    case ColumnType::kBigNumeric:
    case ColumnType::kBytes:
      return "BLOB";
    case ColumnType::kString:
    case ColumnType::kJson:
    case ColumnType::kGeography:
      return "VARCHAR";
    case ColumnType::kDate:
      return "DATE";
    case ColumnType::kDatetime:
      return "TIMESTAMP";
    case ColumnType::kTime:
      return "TIME";
    case ColumnType::kTimestamp:
      return "TIMESTAMPTZ";
    case ColumnType::kInterval:
      return "INTERVAL";
    case ColumnType::kRange:
    case ColumnType::kStruct:
      return "STRUCT";
  }
  return "";
}

duckdb_logical_type MakeStructType(const Column& column) {
  const std::vector<Column>& fields = schema::PartsOf(column);
  std::vector<duckdb_logical_type> types;
  std::vector<const char*> names;
  for (const Column& field : fields) {
    types.push_back(MakeLogicalType(field));
    names.push_back(field.name.c_str());
  }
  duckdb_logical_type type = duckdb_create_struct_type(types.data(), names.data(), types.size());
  for (duckdb_logical_type& field : types) duckdb_destroy_logical_type(&field);
  return type;
}

duckdb_logical_type MakeElementType(const Column& column) {
  const duckdb_type type = column.picoseconds() ? DUCKDB_TYPE_HUGEINT : SimpleType(column.type);
  if (type == DUCKDB_TYPE_DECIMAL) return duckdb_create_decimal_type(kNumericWidth, kNumericScale);
  if (type == DUCKDB_TYPE_STRUCT) return MakeStructType(column);
  return duckdb_create_logical_type(type);
}

bool HasArray(const Column& column);

bool HasArrayWithin(const Column& column) {
  return std::any_of(column.fields.begin(), column.fields.end(), &HasArray);
}

bool HasArray(const Column& column) { return column.repeated() || HasArrayWithin(column); }

// `depth` names the variables of nested lambdas.
std::string FillArrays(const Column& column, const std::string& value, bool element, int depth) {
  if (column.repeated() && !element) {
    const std::string name = base::StrCat("e", depth);
    const std::string filled = HasArrayWithin(column)
                                   ? base::StrCat("list_transform(", value, ", lambda ", name, ": ",
                                                  FillArrays(column, name, true, depth + 1), ")")
                                   : value;
    return base::StrCat("coalesce(", filled, ", [])");
  }
  if (!HasArrayWithin(column)) return value;
  std::string fields;
  for (const Column& field : column.fields) {
    const std::string name = QuoteLiteral(field.name);
    base::StrAppend(&fields, fields.empty() ? "{" : ", ", name, ": ",
                    FillArrays(field, base::StrCat("struct_extract(", value, ", ", name, ")"), false, depth));
  }
  return base::StrCat("CASE WHEN ", value, " IS NULL THEN NULL ELSE ", fields, "} END");
}

std::string Quote(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted += quote;
}

}  // namespace

duckdb_logical_type MakeLogicalType(const Column& column) {
  duckdb_logical_type element = MakeElementType(column);
  if (!column.repeated()) return element;
  duckdb_logical_type list = duckdb_create_list_type(element);
  duckdb_destroy_logical_type(&element);
  return list;
}

std::string StorageSql(const Column& column, bool element) {
  std::string sql(column.picoseconds() ? "HUGEINT" : SimpleSql(column.type));
  if (sql == "STRUCT") {
    std::string_view divider = "(";
    for (const Column& field : schema::PartsOf(column)) {
      base::StrAppend(&sql, divider, QuoteIdentifier(field.name), " ", StorageSql(field));
      divider = ", ";
    }
    sql += ")";
  }
  if (column.repeated() && !element) sql += "[]";
  return sql;
}

std::string StoredSql(const Column& column, const std::string& value) {
  const std::string type = StorageSql(column);
  const std::string cast = base::StrCat("CAST(", value, " AS ", type, ")");
  if (!HasArray(column)) return cast;
  // A name for the value, which the text of a STRUCT repeats for each of its fields; and once more a type,
  // which an empty list has not.
  const std::string filled = column.repeated()
                                 ? FillArrays(column, cast, false, 1)
                                 : base::StrCat("list_transform([", cast,
                                                "], lambda e0: ", FillArrays(column, "e0", false, 1), ")[1]");
  return base::StrCat("CAST(", filled, " AS ", type, ")");
}

std::string QuoteIdentifier(std::string_view name) { return Quote(name, '"'); }
std::string QuoteLiteral(std::string_view text) { return Quote(text, '\''); }

}  // namespace bqcdc::emulator::engine
