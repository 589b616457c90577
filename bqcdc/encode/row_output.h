#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/encoded_rows.h"
#include "bqcdc/encode/wire.h"

namespace bqcdc::encode {

// The open row of an arena: where the next byte goes. Positions are offsets from the row's first byte,
// because the memory moves when it grows. Every Write needs room that Ensure has made.
class RowOutput {
 public:
  void Open(EncodedRows* rows) {
    rows_ = rows;
    cursor_ = rows->BeginRow();
  }
  void Close(const RowFacts& facts) { rows_->EndRow(cursor_, facts); }

  // Makes room for `bytes` more.
  void Ensure(size_t bytes) { cursor_ = rows_->Reserve(cursor_, bytes); }

  size_t position() const { return static_cast<size_t>(cursor_ - rows_->row_begin()); }
  void Rewind(size_t position) { cursor_ = rows_->row_begin() + position; }
  char* At(size_t position) { return rows_->row_begin() + position; }

  char* cursor() { return cursor_; }
  void set_cursor(char* cursor) { cursor_ = cursor; }

  void WriteTag(const ColumnPlan& column) {
    std::memcpy(cursor_, column.tag, kTagBytesMax);  // A fixed size is one store; the rest is overwritten.
    cursor_ += column.tag_size;
  }
  void WriteText(std::string_view bytes) { cursor_ = WriteBytes(bytes.data(), bytes.size(), cursor_); }

  // Opens a length-delimited part and returns its position for EndLength, which writes the length before it.
  size_t BeginLength() {
    ++cursor_;  // Most parts are shorter than 128 bytes.
    return position();
  }
  void EndLength(size_t begin);

 private:
  EncodedRows* rows_ = nullptr;
  char* cursor_ = nullptr;
};

}  // namespace bqcdc::encode
