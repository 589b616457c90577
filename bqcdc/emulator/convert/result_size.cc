#include "bqcdc/emulator/convert/result_size.h"

namespace bqcdc::emulator::convert {
namespace {

using engine::VectorReader;
using schema::Column;
using schema::ColumnType;

constexpr int64_t kFixedBytes = 16;  // a string's header, the widest number

bool HasText(ColumnType type) {
  return type == ColumnType::kString || type == ColumnType::kJson || type == ColumnType::kBytes ||
         type == ColumnType::kBigNumeric || type == ColumnType::kGeography;
}

int64_t ValueBytes(const Column& column, const VectorReader& reader, size_t first, size_t count);

int64_t ListBytes(const Column& column, const VectorReader& reader, size_t first, size_t count) {
  Column element = column;
  element.mode = schema::ColumnMode::kNullable;
  const VectorReader elements = reader.Elements();
  int64_t bytes = 0;
  for (size_t row = first; row < first + count; ++row) {
    if (reader.IsNull(row)) continue;
    const auto [offset, length] = reader.List(row);
    bytes += ValueBytes(element, elements, offset, length);
  }
  return bytes;
}

int64_t ValueBytes(const Column& column, const VectorReader& reader, size_t first, size_t count) {
  int64_t bytes = kFixedBytes * static_cast<int64_t>(count);
  if (column.repeated()) return bytes + ListBytes(column, reader, first, count);
  for (size_t i = 0; i < column.fields.size(); ++i) {
    bytes += ValueBytes(column.fields[i], reader.Field(i), first, count);
  }
  if (!HasText(column.type)) return bytes;
  for (size_t row = first; row < first + count; ++row) {
    if (!reader.IsNull(row)) bytes += static_cast<int64_t>(reader.Bytes(row).size());
  }
  return bytes;
}

}  // namespace

int64_t ResultBytes(const std::vector<Column>& columns, const engine::Chunk& chunk) {
  int64_t bytes = 0;
  for (size_t i = 0; i < columns.size(); ++i)
    bytes += ValueBytes(columns[i], chunk.Reader(i), 0, chunk.row_count());
  return bytes;
}

}  // namespace bqcdc::emulator::convert
