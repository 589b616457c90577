#include "bqcdc/emulator/catalog/layout_rules.h"

namespace bqcdc::emulator::catalog {

using schema::ColumnType;

bool CanPartitionByTime(const schema::Column& column, std::string_view granularity) {
  if (column.repeated() || column.picoseconds()) return false;
  return column.type == ColumnType::kTimestamp || column.type == ColumnType::kDatetime ||
         (column.type == ColumnType::kDate && granularity != "HOUR");
}

bool CanPartitionByRange(const schema::Column& column) {
  return column.type == ColumnType::kInt64 && !column.repeated();
}

bool CanClusterBy(const schema::Column& column) {
  switch (column.type) {
    case ColumnType::kFloat64:
    case ColumnType::kStruct:
    case ColumnType::kJson:
    case ColumnType::kTime:
    case ColumnType::kInterval:
      return false;
    default:
      return !column.repeated();
  }
}

}  // namespace bqcdc::emulator::catalog
