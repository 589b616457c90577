#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
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
  // Length of the text of its sequence number, with which the row ends; 0 = it has none.
  uint8_t sequence_bytes = 0;
  // Hash of the encoded key columns. Equal keys have equal hashes; the reverse does not hold.
  uint64_t key_hash = 0;
  // The same of key and sequence number: equal for ties.
  uint64_t tie_hash = 0;
};

// How many rows there are of each change type, and their bytes with frames.
struct RowCounts {
  int64_t upserts = 0, deletes = 0;
  int64_t upsert_bytes = 0, delete_bytes = 0;

  void Add(ChangeType change_type, size_t framed_bytes) {
    const bool upsert = change_type == ChangeType::kUpsert;
    ++(upsert ? upserts : deletes);
    (upsert ? upsert_bytes : delete_bytes) += static_cast<int64_t>(framed_bytes);
  }
};

// A byte arena of encoded rows that is reused: rows stand one behind the other, each with the frame
// (tag and length of ProtoRows.serialized_rows, google/cloud/bigquery/storage/v1/protobuf.proto) directly
// before it, so that any run of rows is already the body of a ProtoRows message and goes to the wire without
// a copy.
//
//   bytes := { 0x0A varint(length) row }*
//
// Owns its bytes; views into it live until the next change. Movable; not thread-safe. Capacity is kept by
// Clear(), so that nothing is allocated for each row after warm-up. Takes kBytesMax together: who fills it
// keeps a request's limit, which is far below.
class EncodedRows {
 public:
  static constexpr size_t kBytesMax = std::numeric_limits<uint32_t>::max();

  EncodedRows() = default;
  EncodedRows(EncodedRows&&) = default;
  EncodedRows& operator=(EncodedRows&&) = default;

  size_t row_count() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  // Bytes of all rows with their frames.
  size_t byte_count() const { return size_; }
  // Memory of all rows, with what is known of them.
  size_t held_bytes() const { return size_ + rows_.size() * sizeof(Row); }

  // Memory that Clear() keeps.
  size_t kept_bytes() const { return capacity_ + rows_.capacity() * sizeof(Row); }

  // Bytes of one row, without and with its frame.
  std::string_view row(size_t index) const;
  std::string_view framed_row(size_t index) const { return framed(index, 1); }
  // The body of a ProtoRows message that holds `count` rows from `first` on.
  std::string_view framed(size_t first, size_t count) const;
  std::string_view framed() const { return {bytes_.get(), size_}; }

  const RowFacts& facts(size_t index) const { return rows_[index].facts; }
  // As SequenceNumber::ToString(); empty where the row has none.
  std::string_view sequence_text(size_t index) const;
  values::SequenceNumber sequence(size_t index) const;
  // Of all rows. Does not look at them.
  RowCounts counts() const;

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
  char* row_begin() { return bytes_.get() + size_ + frame_bytes_guess_; }

 private:
  // Small: rows go from thread to thread, and what is known of them with them.
  struct Row {
    uint32_t frame_offset = 0;  // of the tag
    uint32_t row_offset = 0;    // of the first byte of the row
    RowFacts facts;
  };

  char* Grow(char* cursor, size_t extra);

  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t size_ = 0;
  size_t frame_bytes_guess_ = 3;  // as of the last row; where a row's is another, EndRow moves the row
  size_t delete_count_ = 0, delete_byte_count_ = 0;  // of DELETE rows, with their frames
  std::vector<Row> rows_;
};

}  // namespace bqcdc::encode
