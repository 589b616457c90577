#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "bqcdc/schema/table_schema.h"

// Columns of rows as DuckDB keeps them, behind a face that names no DuckDB type: decoders write rows into a
// Chunk, results are read from one. How a column type is stored:
//   BOOL bool · INT64 int64 · FLOAT64 double · NUMERIC int128 (unscaled, scale 9) · BIGNUMERIC 32-byte
//   order-preserving blob (values/bignumeric.h) · STRING, JSON, GEOGRAPHY text · BYTES blob · DATE int32 days ·
//   DATETIME int64 µs civil · TIME int64 µs · TIMESTAMP int64 µs UTC · INTERVAL months, days, µs ·
//   STRUCT fields · REPEATED list.
namespace bqcdc::emulator::engine {

struct IntervalValue {
  int32_t months;
  int32_t days;
  int64_t micros;
};

// Writes one column (or field, or list elements) of a chunk. A cheap handle; valid as long as its chunk.
// Not thread-safe. Each row is written once, either as a value or as NULL.
class VectorWriter {
 public:
  explicit VectorWriter(void* vector) : vector_(vector) {}

  void SetNull(size_t row);
  void SetBool(size_t row, bool value);
  void SetInt32(size_t row, int32_t value);  // DATE
  void SetInt64(size_t row, int64_t value);  // INT64, DATETIME, TIME, TIMESTAMP
  void SetInt128(size_t row, __int128 value);  // NUMERIC
  void SetUint128(size_t row, unsigned __int128 value);
  void SetUint8(size_t row, uint8_t value);
  void SetDouble(size_t row, double value);
  void SetInterval(size_t row, IntervalValue value);
  void SetBytes(size_t row, std::string_view bytes);  // STRING, JSON, BYTES, BIGNUMERIC; copied
  // STRUCT: the writer of a field. A NULL struct needs its fields set to NULL by the caller as well.
  VectorWriter Field(size_t index);
  // REPEATED: makes room for `length` elements of `row` and returns the index of the first in Elements().
  // Elements() must be asked for again afterwards.
  size_t StartList(size_t row, size_t length);
  VectorWriter Elements();

 private:
  void* vector_;  // duckdb_vector, owned by the chunk
};

// Reads one column of a chunk. Same lifetime as VectorWriter.
class VectorReader {
 public:
  explicit VectorReader(void* vector);

  bool IsNull(size_t row) const;
  bool Bool(size_t row) const;
  int32_t Int32(size_t row) const;
  int64_t Int64(size_t row) const;
  __int128 Int128(size_t row) const;
  unsigned __int128 Uint128(size_t row) const;
  uint8_t Uint8(size_t row) const;
  double Double(size_t row) const;
  IntervalValue Interval(size_t row) const;
  std::string_view Bytes(size_t row) const;
  VectorReader Field(size_t index) const;
  struct ListEntry {
    size_t offset;
    size_t length;
  };
  ListEntry List(size_t row) const;
  VectorReader Elements() const;

 private:
  void* vector_;
  void* data_;
  uint64_t* validity_;
};

// Up to kRowsMax rows. Owns its memory; movable.
class Chunk {
 public:
  static constexpr size_t kRowsMax = 2048;

  // Columns in the order of `columns`. With `change_columns`, the server's own columns follow (see
  // ChangeColumn), which the decoder and the committer fill.
  Chunk(const std::vector<schema::Column>& columns, bool change_columns);
  // Takes over a duckdb_data_chunk.
  static Chunk Adopt(void* data_chunk);
  Chunk(Chunk&&) noexcept;
  Chunk& operator=(Chunk&&) noexcept;
  ~Chunk();

  size_t row_count() const;
  void SetRowCount(size_t rows);
  size_t column_count() const;
  VectorWriter Writer(size_t column);
  VectorReader Reader(size_t column) const;
  void* handle() const { return chunk_; }  // duckdb_data_chunk, for this folder only

 private:
  explicit Chunk(void* chunk) : chunk_(chunk) {}
  void* chunk_ = nullptr;
};

// What a row does to its table; stored in the change column `_op`.
enum class RowOperation : uint8_t {
  kPlain = 0,   // appended without `_CHANGE_TYPE`, or with INSERT
  kUpsert = 1,
  kDelete = 2,
};

// The server's own columns behind the table's columns, in this order.
enum class ChangeColumn : uint8_t {
  kOperation = 0,      // RowOperation; by the decoder
  kSequenceHigh = 1,   // uint128, sections 1 and 2, NULL without a sequence number; by the decoder
  kSequenceLow = 2,    // uint128, sections 3 and 4; by the decoder
  kIngestTime = 3,     // int64 µs since the Unix epoch, one per request; by the committer
  kOrdinal = 4,        // int64, rises with every row of the table; by the committer
};
inline constexpr size_t kChangeColumnCount = 5;

}  // namespace bqcdc::emulator::engine
