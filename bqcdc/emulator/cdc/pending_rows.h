#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "bqcdc/emulator/cdc/key_dictionary.h"
#include "bqcdc/emulator/cdc/row_operation.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::emulator::cdc {

// One unapplied row, as far as the order of changes needs it.
struct PendingRow {
  KeyId key = 0;
  RowOperation operation = RowOperation::kPlain;
  bool has_sequence = false;
  int64_t ingest_us = 0;  // of its request; rows stand in (ingest, ordinal) order
  values::SequenceNumber sequence;
};

// Unapplied rows of one table in the order in which they were ingested. Row `i` has ordinal `first_ordinal()
// + i`. Grows at the end only and never moves a row: one thread appends while others read the rows below a
// size that they were told (under a lock) earlier.
class PendingRows {
 public:
  explicit PendingRows(int64_t first_ordinal) : first_ordinal_(first_ordinal) {}
  PendingRows(const PendingRows&) = delete;
  PendingRows& operator=(const PendingRows&) = delete;

  int64_t first_ordinal() const { return first_ordinal_; }
  size_t size() const { return size_; }  // for the appending thread
  void Append(const PendingRow& row) {
    const size_t block = BlockOf(size_);
    if (!blocks_[block]) blocks_[block] = std::make_unique<PendingRow[]>(kFirstBlockRows << block);
    blocks_[block][size_ - BlockBegin(block)] = row;
    ++size_;
  }
  const PendingRow& operator[](size_t index) const {
    const size_t block = BlockOf(index);
    return blocks_[block][index - BlockBegin(block)];
  }

 private:
  static constexpr size_t kFirstBlockRows = 256;
  static constexpr size_t kBlockCount = 24;  // 256 << 24 rows, far above any limit
  static size_t BlockOf(size_t index) { return std::bit_width(index / kFirstBlockRows + 1) - 1; }
  static size_t BlockBegin(size_t block) { return kFirstBlockRows * ((size_t{1} << block) - 1); }

  const int64_t first_ordinal_;
  size_t size_ = 0;
  std::array<std::unique_ptr<PendingRow[]>, kBlockCount> blocks_;
};

}  // namespace bqcdc::emulator::cdc
