#include "bqcdc/emulator/engine/logical_size.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/storage_type.h"

namespace bqcdc::emulator::engine {
namespace {

using schema::Column;
using schema::ColumnType;

int FixedBytes(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return 1;
    case ColumnType::kNumeric:
    case ColumnType::kInterval:
    case ColumnType::kRange:
      return 16;
    case ColumnType::kBigNumeric:
      return 32;
    default:
      return 8;
  }
}

std::string SingleBytesSql(const Column& column, const std::string& value) {
  switch (column.type) {
    case ColumnType::kString:
    case ColumnType::kJson:
    case ColumnType::kGeography:
      return base::StrCat("coalesce(strlen(", value, ") + 2, 0)");
    case ColumnType::kBytes:
      return base::StrCat("coalesce(octet_length(", value, ") + 2, 0)");
    case ColumnType::kStruct: {
      std::string sum = "(0";
      for (const Column& field : column.fields) {
        base::StrAppend(&sum, " + ",
                        LogicalBytesSql(field, base::StrCat("struct_extract(", value, ", ",
                                                            QuoteLiteral(field.name), ")")));
      }
      return sum + ")";
    }
    default:
      return base::StrCat("(CASE WHEN ", value, " IS NULL THEN 0 ELSE ", FixedBytes(column.type), " END)");
  }
}

}  // namespace

std::string LogicalBytesSql(const Column& column, const std::string& value) {
  if (!column.repeated()) return SingleBytesSql(column, value);
  return base::StrCat("coalesce(list_sum(list_transform(", value, ", lambda e: ", SingleBytesSql(column, "e"),
                      ")), 0)");
}

std::string LogicalRowBytesSql(const catalog::Table& table) {
  std::string bytes = "0";
  for (const Column& column : table.schema.columns) {
    base::StrAppend(&bytes, " + ", LogicalBytesSql(column, QuoteIdentifier(column.name)));
  }
  return bytes;
}

}  // namespace bqcdc::emulator::engine
