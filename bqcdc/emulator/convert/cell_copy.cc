#include "bqcdc/emulator/convert/cell_converter.h"

namespace bqcdc::emulator::convert {
namespace {

using engine::VectorReader;
using engine::VectorWriter;
using schema::Column;
using schema::ColumnType;

void CopyElement(const Column& column, const VectorReader& from, size_t from_row, VectorWriter to,
                 size_t to_row) {
  switch (column.type) {
    case ColumnType::kBool:
      to.SetBool(to_row, from.Bool(from_row));
      return;
    case ColumnType::kDate:
      to.SetInt32(to_row, from.Int32(from_row));
      return;
    case ColumnType::kInt64:
    case ColumnType::kDatetime:
    case ColumnType::kTime:
      to.SetInt64(to_row, from.Int64(from_row));
      return;
    case ColumnType::kTimestamp:
      if (column.picoseconds()) return to.SetInt128(to_row, from.Int128(from_row));
      to.SetInt64(to_row, from.Int64(from_row));
      return;
    case ColumnType::kNumeric:
      to.SetInt128(to_row, from.Int128(from_row));
      return;
    case ColumnType::kFloat64:
      to.SetDouble(to_row, from.Double(from_row));
      return;
    case ColumnType::kInterval:
      to.SetInterval(to_row, from.Interval(from_row));
      return;
    case ColumnType::kBigNumeric:
    case ColumnType::kString:
    case ColumnType::kBytes:
    case ColumnType::kJson:
    case ColumnType::kGeography:
      to.SetBytes(to_row, from.Bytes(from_row));
      return;
    case ColumnType::kStruct:
    case ColumnType::kRange: {
      const std::vector<Column>& parts = schema::PartsOf(column);
      for (size_t i = 0; i < parts.size(); ++i) {
        CopyCell(parts[i], from.Field(i), from_row, to.Field(i), to_row);
      }
      return;
    }
  }
}

}  // namespace

void WriteNull(const Column& column, VectorWriter writer, size_t row) {
  if (column.repeated()) {
    writer.StartList(row, 0);  // an entry of defined length, although nobody should look
  } else {
    const std::vector<Column>& parts = schema::PartsOf(column);
    for (size_t i = 0; i < parts.size(); ++i) WriteNull(parts[i], writer.Field(i), row);
  }
  writer.SetNull(row);
}

void CopyCell(const Column& column, const VectorReader& from, size_t from_row, VectorWriter to,
              size_t to_row) {
  if (from.IsNull(from_row)) {
    if (column.repeated()) {
      to.StartList(to_row, 0);
    } else {
      WriteNull(column, to, to_row);
    }
    return;
  }
  if (!column.repeated()) {
    CopyElement(column, from, from_row, to, to_row);
    return;
  }
  const VectorReader::ListEntry list = from.List(from_row);
  const size_t first = to.StartList(to_row, list.length);
  const VectorReader from_elements = from.Elements();
  VectorWriter to_elements = to.Elements();
  for (size_t i = 0; i < list.length; ++i) {
    CopyElement(column, from_elements, list.offset + i, to_elements, first + i);
  }
}

}  // namespace bqcdc::emulator::convert
