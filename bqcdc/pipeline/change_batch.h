#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/pipeline/line_reader.h"
#include "bqcdc/values/sequence_number.h"
#include "bqcdc/write/row_batch.h"

namespace bqcdc::pipeline {

// A line that is no row, found before anything was sent.
struct BadRow {
  InputLine line;
  values::SequenceNumber sequence;
  std::string_view reason;  // static text
  std::string message;
  std::string column;  // path of the column that is to blame; empty where it is the line as a whole
};

// Changes that travel together: encoded rows, the lines that they came from, and the lines that are no rows.
// Owns the bytes of both. Filled by one thread, then immutable and shared by whoever still needs a part of
// it.
struct ChangeBatch : write::RowBatch {
  std::vector<InputLine> lines;  // of each row, with texts in the chunks
  std::vector<BadRow> bad_rows;
  std::vector<std::shared_ptr<const LineChunk>> chunks;
  std::size_t chunk_bytes = 0;  // of them
  std::uint64_t progress = 0;   // what Progress calls this batch

  void Clear() override {
    write::RowBatch::Clear();
    lines.clear();
    bad_rows.clear();
    chunks.clear();
    chunk_bytes = 0;
  }
  // The lines that rows came from stay in memory until the rows are settled.
  std::size_t held_bytes() const override {
    return write::RowBatch::held_bytes() + lines.size() * sizeof(InputLine) + chunk_bytes;
  }
  std::size_t kept_bytes() const override {
    return write::RowBatch::kept_bytes() + lines.capacity() * sizeof(InputLine);
  }
};

}  // namespace bqcdc::pipeline
