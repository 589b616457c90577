#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "bqcdc/encode/change_type.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::encode {

// What is known of an encoded row beside its bytes.
struct RowFacts {
  ChangeType change_type = ChangeType::kUpsert;
  // The source gave the sequence number itself (_CHANGE_SEQUENCE_NUMBER in the input).
  bool own_sequence = false;
  // Hash of the encoded key columns. Equal keys have equal hashes; the reverse does not hold.
  uint64_t key_hash = 0;
  values::SequenceNumber sequence = {};
};

// A byte arena of encoded rows that is reused: rows stand one behind the other, each with the frame
// (tag and length of ProtoRows.serialized_rows, google/cloud/bigquery/storage/v1/protobuf.proto) directly
// before it, so that any run of rows is already the body of a ProtoRows message and goes to the wire without
// a copy.
//
//   bytes := { 0x0A varint(length) row }*
//
// Owns its bytes; views into it live until the next change. Movable; not thread-safe. Capacity is kept by
// Clear(), so that nothing is allocated for each row after warm-up.
class EncodedRows {
 public:
  EncodedRows() = default;
  EncodedRows(EncodedRows&&) = default;
  EncodedRows& operator=(EncodedRows&&) = default;

  size_t row_count() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  // Bytes of all rows with their frames.
  size_t byte_count() const { return size_; }
  // Memory of all rows, with what is known of them.
  size_t held_bytes() const { return size_ + rows_.size() * sizeof(Row); }

  // Bytes of one row, without and with its frame.
  std::string_view row(size_t index) const;
  std::string_view framed_row(size_t index) const { return framed(index, 1); }
  // The body of a ProtoRows message that holds `count` rows from `first` on.
  std::string_view framed(size_t first, size_t count) const;
  std::string_view framed() const { return {bytes_.get(), size_}; }

  const RowFacts& facts(size_t index) const { return rows_[index].facts; }

  // Forgets all rows; keeps the memory.
  void Clear();
  // Forgets the rows from `row_count` on.
  void Truncate(size_t row_count);
  // Appends a row of another arena (retry, lanes) or one that was encoded elsewhere.
  void Append(std::string_view row, const RowFacts& facts);

  // For encoders. BeginRow opens a row and returns where its bytes go; Reserve makes room for `extra` bytes
  // more behind `cursor` and returns the cursor, moved with the memory where it was grown; EndRow closes the
  // row at `cursor`; AbandonRow drops it. Between Begin and End no other method may be called.
  char* BeginRow();
  char* Reserve(char* cursor, size_t extra) {
    return static_cast<size_t>(bytes_.get() + capacity_ - cursor) >= extra ? cursor : Grow(cursor, extra);
  }
  void EndRow(char* cursor, const RowFacts& facts);
  void AbandonRow() {}
  // First byte of the open row: positions within a row are kept as offsets from it, since memory may move.
  char* row_begin() { return bytes_.get() + size_ + kFrameBytesGuess; }

 private:
  // Tag and a length of two bytes fit rows of 128 to 16,383 bytes; EndRow moves others.
  static constexpr size_t kFrameBytesGuess = 3;

  struct Row {
    size_t frame_offset = 0;  // of the tag
    size_t row_offset = 0;    // of the first byte of the row
    RowFacts facts;
  };

  char* Grow(char* cursor, size_t extra);

  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t size_ = 0;
  std::vector<Row> rows_;
};

}  // namespace bqcdc::encode
