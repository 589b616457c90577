#include "bqcdc/emulator/engine/chunk.h"

#include <limits>
#include <utility>

#include "bqcdc/emulator/engine/storage_type.h"
#include "duckdb.h"

namespace bqcdc::emulator::engine {
namespace {

duckdb_vector Vector(void* vector) { return static_cast<duckdb_vector>(vector); }

// DuckDB's infinity of DATE, and of TIMESTAMP with and without time zone; the other one is its negation.
constexpr int32_t kDateInfinity = std::numeric_limits<int32_t>::max();
constexpr int64_t kTimestampInfinity = std::numeric_limits<int64_t>::max();

}  // namespace

VectorWriter::VectorWriter(void* vector) : vector_(vector), data_(duckdb_vector_get_data(Vector(vector))) {}

void VectorWriter::SetNull(size_t row) {
  duckdb_vector_ensure_validity_writable(Vector(vector_));
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(Vector(vector_)), row);
}

void VectorWriter::SetBytes(size_t row, std::string_view bytes) {
  duckdb_vector_assign_string_element_len(Vector(vector_), row, bytes.data(), bytes.size());
}

VectorWriter VectorWriter::Field(size_t index) {
  return VectorWriter(duckdb_struct_vector_get_child(Vector(vector_), index));
}

void VectorWriter::SetUnbounded(size_t row, schema::ColumnType element, bool is_start) {
  if (element == schema::ColumnType::kDate) {
    SetInt32(row, is_start ? -kDateInfinity : kDateInfinity);
  } else {
    SetInt64(row, is_start ? -kTimestampInfinity : kTimestampInfinity);
  }
}

VectorReader VectorWriter::Reader() const { return VectorReader(vector_); }

size_t VectorWriter::StartList(size_t row, size_t length) {
  const idx_t begin = duckdb_list_vector_get_size(Vector(vector_));
  duckdb_list_vector_reserve(Vector(vector_), begin + length);
  duckdb_list_vector_set_size(Vector(vector_), begin + length);
  static_cast<duckdb_list_entry*>(data_)[row] = {begin, length};
  return begin;
}

VectorWriter VectorWriter::Elements() { return VectorWriter(duckdb_list_vector_get_child(Vector(vector_))); }

VectorReader::VectorReader(void* vector)
    : vector_(vector),
      data_(duckdb_vector_get_data(Vector(vector))),
      validity_(duckdb_vector_get_validity(Vector(vector))) {}

std::string_view VectorReader::Bytes(size_t row) const {
  duckdb_string_t* string = static_cast<duckdb_string_t*>(data_) + row;
  return {duckdb_string_t_data(string), duckdb_string_t_length(*string)};
}

VectorReader VectorReader::Field(size_t index) const {
  return VectorReader(duckdb_struct_vector_get_child(Vector(vector_), index));
}

bool VectorReader::IsUnbounded(size_t row, schema::ColumnType element) const {
  if (element == schema::ColumnType::kDate) {
    return Int32(row) == kDateInfinity || Int32(row) == -kDateInfinity;
  }
  return Int64(row) == kTimestampInfinity || Int64(row) == -kTimestampInfinity;
}

bool VectorReader::IsOrderedRange(size_t row, schema::ColumnType element) const {
  const VectorReader start = Field(0);
  const VectorReader end = Field(1);
  if (element == schema::ColumnType::kDate) return start.Int32(row) < end.Int32(row);
  return start.Int64(row) < end.Int64(row);
}

VectorReader::ListEntry VectorReader::List(size_t row) const {
  const duckdb_list_entry entry = static_cast<const duckdb_list_entry*>(data_)[row];
  return {entry.offset, entry.length};
}

VectorReader VectorReader::Elements() const {
  return VectorReader(duckdb_list_vector_get_child(Vector(vector_)));
}

Chunk::Chunk(const std::vector<schema::Column>& columns, bool change_columns) {
  std::vector<duckdb_logical_type> types;
  types.reserve(columns.size() + kChangeColumnCount);
  for (const schema::Column& column : columns) types.push_back(MakeLogicalType(column));
  if (change_columns) {
    for (const duckdb_type type : kChangeColumnTypes) types.push_back(duckdb_create_logical_type(type));
  }
  chunk_ = duckdb_create_data_chunk(types.data(), types.size());
  for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
}

Chunk Chunk::Adopt(void* data_chunk) { return Chunk(data_chunk); }

Chunk::Chunk(Chunk&& other) noexcept : chunk_(std::exchange(other.chunk_, nullptr)) {}

Chunk& Chunk::operator=(Chunk&& other) noexcept {
  std::swap(chunk_, other.chunk_);
  return *this;
}

Chunk::~Chunk() {
  auto chunk = static_cast<duckdb_data_chunk>(chunk_);
  if (chunk != nullptr) duckdb_destroy_data_chunk(&chunk);
}

size_t Chunk::row_count() const { return duckdb_data_chunk_get_size(static_cast<duckdb_data_chunk>(chunk_)); }

void Chunk::SetRowCount(size_t rows) {
  duckdb_data_chunk_set_size(static_cast<duckdb_data_chunk>(chunk_), rows);
}

size_t Chunk::column_count() const {
  return duckdb_data_chunk_get_column_count(static_cast<duckdb_data_chunk>(chunk_));
}

VectorWriter Chunk::Writer(size_t column) {
  return VectorWriter(duckdb_data_chunk_get_vector(static_cast<duckdb_data_chunk>(chunk_), column));
}

VectorReader Chunk::Reader(size_t column) const {
  return VectorReader(duckdb_data_chunk_get_vector(static_cast<duckdb_data_chunk>(chunk_), column));
}

}  // namespace bqcdc::emulator::engine
