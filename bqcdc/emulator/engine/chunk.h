#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "bqcdc/emulator/cdc/row_operation.h"
#include "bqcdc/schema/table_schema.h"

// Columns of rows as DuckDB keeps them, behind a face that names no DuckDB type: decoders write rows into a
// Chunk, results are read from one. How a column type is stored:
//   BOOL bool · INT64 int64 · FLOAT64 double · NUMERIC int128 (unscaled, scale 9) · BIGNUMERIC 32-byte
//   order-preserving blob (values/bignumeric.h) · STRING, JSON, GEOGRAPHY text · BYTES blob · DATE int32 days
//   · DATETIME int64 µs civil · TIME int64 µs · TIMESTAMP int64 µs UTC, with twelve digits int128 ps UTC ·
//   INTERVAL months, days, µs · STRUCT fields · REPEATED list · RANGE a STRUCT of start and end whose open
//   ends are the element's infinities, so that ranges compare as the service compares them.
// In DuckDB's SQL: BOOLEAN, BIGINT, DOUBLE, DECIMAL(38,9), BLOB, VARCHAR, VARCHAR (JSON, GEOGRAPHY too),
// BLOB, DATE, TIMESTAMP, TIME, TIMESTAMPTZ, INTERVAL, STRUCT(…), …[]; see storage_type.h.
namespace bqcdc::emulator::engine {

struct IntervalValue {
  int32_t months;
  int32_t days;
  int64_t micros;
};

class VectorReader;

// Writes one column (or field, or list elements) of a chunk. A cheap handle; valid as long as its chunk.
// Not thread-safe. Each row is written once, either as a value or as NULL.
class VectorWriter {
 public:
  explicit VectorWriter(void* vector);

  void SetNull(size_t row);
  void SetBool(size_t row, bool value) { static_cast<bool*>(data_)[row] = value; }
  void SetInt32(size_t row, int32_t value) { static_cast<int32_t*>(data_)[row] = value; }  // DATE
  // INT64, DATETIME, TIME, TIMESTAMP
  void SetInt64(size_t row, int64_t value) { static_cast<int64_t*>(data_)[row] = value; }
  // NUMERIC, TIMESTAMP of picoseconds. DuckDB aligns these to 8 bytes, the compiler would count on 16.
  void SetInt128(size_t row, __int128 value) {
    std::memcpy(static_cast<char*>(data_) + row * sizeof value, &value, sizeof value);
  }
  void SetUint128(size_t row, unsigned __int128 value) { SetInt128(row, static_cast<__int128>(value)); }
  void SetUint8(size_t row, uint8_t value) { static_cast<uint8_t*>(data_)[row] = value; }
  void SetDouble(size_t row, double value) { static_cast<double*>(data_)[row] = value; }
  void SetInterval(size_t row, IntervalValue value) { static_cast<IntervalValue*>(data_)[row] = value; }
  void SetBytes(size_t row, std::string_view bytes);  // STRING, JSON, BYTES, BIGNUMERIC; copied
  // STRUCT: the writer of a field. A NULL struct needs its fields set to NULL by the caller as well.
  VectorWriter Field(size_t index);
  // An open end of a RANGE, where this is the writer of that end.
  void SetUnbounded(size_t row, schema::ColumnType element, bool is_start);
  // REPEATED: makes room for `length` elements of `row` and returns the index of the first in Elements().
  // Elements() must be asked for again afterwards. Rows are written in any order; an empty list needs a call
  // too.
  size_t StartList(size_t row, size_t length);
  VectorWriter Elements();
  // What has been written.
  VectorReader Reader() const;

 private:
  void* vector_;  // duckdb_vector, owned by the chunk
  void* data_;
};

// Reads one column of a chunk. Same lifetime as VectorWriter.
class VectorReader {
 public:
  explicit VectorReader(void* vector);

  bool IsNull(size_t row) const {
    return validity_ != nullptr && (validity_[row / 64] >> (row % 64) & 1) == 0;
  }
  bool Bool(size_t row) const { return static_cast<const bool*>(data_)[row]; }
  int32_t Int32(size_t row) const { return static_cast<const int32_t*>(data_)[row]; }
  int64_t Int64(size_t row) const { return static_cast<const int64_t*>(data_)[row]; }
  __int128 Int128(size_t row) const {
    __int128 value;
    std::memcpy(&value, static_cast<const char*>(data_) + row * sizeof value, sizeof value);
    return value;
  }
  unsigned __int128 Uint128(size_t row) const { return static_cast<unsigned __int128>(Int128(row)); }
  uint8_t Uint8(size_t row) const { return static_cast<const uint8_t*>(data_)[row]; }
  double Double(size_t row) const { return static_cast<const double*>(data_)[row]; }
  IntervalValue Interval(size_t row) const { return static_cast<const IntervalValue*>(data_)[row]; }
  std::string_view Bytes(size_t row) const;
  VectorReader Field(size_t index) const;
  // Whether an end of a RANGE is open, where this is the reader of that end.
  bool IsUnbounded(size_t row, schema::ColumnType element) const;
  // Whether a RANGE begins before it ends.
  bool IsOrderedRange(size_t row, schema::ColumnType element) const;
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

using cdc::RowOperation;  // stored in the change column kOperation

// The server's own columns behind the table's columns, in this order.
enum class ChangeColumn : uint8_t {
  kOperation = 0,     // RowOperation; by the decoder
  kSequenceHigh = 1,  // uint128, sections 1 and 2, NULL without a sequence number; by the decoder
  kSequenceLow = 2,   // uint128, sections 3 and 4; by the decoder
  kIngestTime = 3,    // int64 µs since the Unix epoch, one per request; by the committer
  kOrdinal = 4,       // int64, rises with every row of the table; by the committer
};
inline constexpr size_t kChangeColumnCount = 5;

}  // namespace bqcdc::emulator::engine
