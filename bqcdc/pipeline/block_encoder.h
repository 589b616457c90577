#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/cheap_yield.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/pipeline/line_block.h"

namespace bqcdc::pipeline {

struct BlockEncoderOptions {
  std::uint64_t epoch = 0;             // of the numbers that are assigned: epoch/line/1/0
  encode::JsonRowEncoderOptions rows;  // but for the source of numbers, which is each block's mode
  int threads = 1;                     // that encode, the caller's among them
};

// Encodes blocks of lines on several threads. A row depends on its line, the line's number, the binding and
// the mode alone, so blocks can be encoded in any order; whoever awaits them in the order of the input gets
// what one thread would have made. Used by one thread.
class BlockEncoder {
 public:
  explicit BlockEncoder(BlockEncoderOptions options);
  // Blocks that were submitted and not awaited may stay as they are.
  ~BlockEncoder();

  // The block is encoded by whichever thread is free. Until Await() it belongs to the encoder and must live.
  void Submit(LineBlock* block) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns when the block is encoded. Meanwhile this thread encodes, too.
  void Await(const LineBlock* block) ABSL_LOCKS_EXCLUDED(mutex_);
  // Encodes a block that is not submitted on this thread; what it was encoded to before is forgotten.
  void Encode(LineBlock& block) { EncodeWith(own_, block); }

 private:
  // Of one thread: made anew when a block is of another binding.
  struct Encoder {
    std::shared_ptr<const TableBinding> binding;
    std::unique_ptr<encode::JsonRowEncoder> rows;
    std::vector<encode::PaddedLine> ahead;  // the next lines
    base::CheapYield yield;
  };

  // Lines from `first` on, which is not too long, are scanned together; returns how many.
  static std::size_t ScanAhead(Encoder& encoder, const std::vector<InputLine>& lines, std::size_t first);
  void EncodeWith(Encoder& encoder, LineBlock& block) const;
  void Work() ABSL_LOCKS_EXCLUDED(mutex_);

  const BlockEncoderOptions options_;
  Encoder own_;
  absl::Mutex mutex_;
  std::deque<LineBlock*> queue_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<const LineBlock*> unfinished_ ABSL_GUARDED_BY(mutex_);  // queued or being encoded
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace bqcdc::pipeline
