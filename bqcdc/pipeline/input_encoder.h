#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/pipeline/block_encoder.h"
#include "bqcdc/pipeline/change_batch.h"
#include "bqcdc/pipeline/current_binding.h"
#include "bqcdc/pipeline/line_block.h"
#include "bqcdc/pipeline/line_reader.h"
#include "bqcdc/pipeline/progress.h"
#include "bqcdc/pipeline/table_claim.h"
#include "bqcdc/write/batch_pool.h"
#include "bqcdc/write/lane_batcher.h"
#include "bqcdc/write/tie_memory.h"

namespace bqcdc::pipeline {

struct InputEncoderOptions {
  write::BatchLimits limits;
  std::uint64_t epoch = 0;  // of the numbers that are assigned
  std::size_t line_bytes_max = 16 * 1024 * 1024;
  int threads = 1;  // that encode, that of Run() among them; from 1
  // Of lines that are read ahead, with the rows that they become. One block of them may exceed it.
  std::size_t bytes_ahead_max = 64 * 1024 * 1024;
  // Of a resumed run: where it goes on, who numbers the rows, and the line that decided that.
  InputPosition start;
  std::optional<SequenceMode> mode;
  std::uint64_t mode_line = 0;
};

// What the encoder asks of its surroundings. Called on the encoder's thread.
struct InputEncoderEvents {
  // The first row, or the run before, shows whether the input brings its own numbers. Called once, at the
  // first row. An error ends the run before anything is sent.
  std::function<absl::Status(SequenceMode, std::uint64_t line)> on_mode;
  // Takes a batch. False ends the run.
  std::function<bool(std::shared_ptr<ChangeBatch>)> on_batch;
  // A batch has its first row; `batch` is its number in the progress, `input_bytes` stand before the row in
  // the input. Null = nobody wants to know.
  std::function<void(std::uint64_t batch, std::uint64_t input_bytes)> on_open;
  // How many lanes rows are to be spread over; asked now and then. Null = one.
  std::function<int()> lanes_wanted;
  // Bytes of a batch, at most the limit; asked now and then. Null = the limit.
  std::function<std::size_t()> batch_bytes_wanted;
  // Whether more may be read when everything before this place is read; asked after a batch was handed on.
  // With `wait` (everything is handed on then) it waits until so, and false ends the run. Null = yes.
  std::function<bool(const InputPosition&, bool wait)> in_reach;
};

// Turns lines into batches of encoded rows: decides by the first row where sequence numbers come from,
// numbers rows by their line, sets lines aside that are no rows, spreads rows over lanes by the hash of their
// key, and splits batches by bytes, rows and time. Follows the table: looks at it before a column counts as
// unknown, and where a change was noted. Not thread-safe.
//
// Lines are encoded ahead in blocks, on several threads where there are several, and taken in their order.
// Where rows need no spreading a block is made to fill a batch and becomes one without a copy.
class InputEncoder {
 public:
  // `table`, `progress` and the clock must outlive the encoder.
  InputEncoder(CurrentBinding& table, InputEncoderOptions options, InputEncoderEvents events,
               std::shared_ptr<write::BatchPool> pool, Progress& progress, const base::Clock& clock);

  // Reads to the end. Batches that were complete when an error came have been handed over, so they are still
  // sent. Errors: of the input; of on_mode; InvalidArgument where some lines bring sequence numbers and some
  // do not.
  absl::Status Run(LineReader& reader);

  std::int64_t tie_count() const { return tie_count_; }

  // How much memory the blocks that are encoded ahead can use: rows of a batch each, and their lines.
  static std::size_t BytesAhead(const InputEncoderOptions& options);

 private:
  std::unique_ptr<LineBlock> FreeBlock();
  // Takes the memory of a block that is done with, or lets it go where it is large.
  void KeepBlock(std::unique_ptr<LineBlock> block);
  // Reads lines into the block until it is full or the reader has something else to say.
  LineReader::Next FillBlock(LineReader& reader, absl::Time deadline, LineBlock& block) const;
  void PrepareBlock(LineBlock& block) const;
  // Takes the block that was read first of those that are under way. Ok, or the end of the run, as of all
  // below.
  absl::Status TakeOldest();
  absl::Status TakeBlock(LineBlock& block);
  bool IsPlain(const LineBlock& block) const;
  absl::Status TakeRest(LineBlock& block);
  absl::Status TakeByLine(LineBlock& block);
  absl::Status TakeRow(const InputLine& line, const encode::EncodedRows& rows, std::size_t row,
                       const std::shared_ptr<const LineChunk>& chunk);
  absl::Status SetAside(const InputLine& line, LineBlock::Failure& failure,
                        const std::shared_ptr<const LineChunk>& chunk);
  absl::Status AfterRows(bool full);
  absl::Status FlushDue();
  void AddBadRow(const InputLine& line, LineBlock::Failure& failure);
  // Whether the line is one that can be come back behind.
  bool MovePosition(const InputLine& line);
  void TakePosition(const LineReader& reader);
  absl::Status BeginRows(bool own_sequence, std::uint64_t line);
  // Whether the table is another than the one that refused the line, which was read at `read`; then this and
  // the next rows are encoded for that.
  absl::StatusOr<bool> LookAgain(const LineBlock::Failure& failure, absl::Time read);
  bool Follow(std::shared_ptr<const TableBinding> now);
  ChangeBatch& batch() { return static_cast<ChangeBatch&>(*batcher_.current()); }
  void KeepChunk(const std::shared_ptr<const LineChunk>& chunk);
  write::BatcherEvents MakeBatcherEvents();
  // Follows lanes_wanted() and the table.
  absl::Status FollowChanges();

  CurrentBinding& table_;
  std::shared_ptr<const TableBinding> binding_;
  const InputEncoderOptions options_;
  const InputEncoderEvents events_;
  const std::shared_ptr<write::BatchPool> pool_;
  Progress& progress_;
  const base::Clock& clock_;
  write::LaneBatcher batcher_;
  std::optional<SequenceMode> mode_;
  std::uint64_t mode_line_ = 0;     // the line that decided
  bool rows_begun_ = false;         // on_mode was told
  InputPosition position_;          // before the line that is being taken
  std::uint64_t bytes_before_ = 0;  // as InputLine, of that line
  write::TieMemory ties_;
  std::int64_t tie_count_ = 0;

  double input_per_row_byte_ = 1;  // of recent blocks: how long lines are beside their rows
  std::vector<std::unique_ptr<LineBlock>> free_;
  std::deque<std::unique_ptr<LineBlock>> read_;  // submitted, in the order of the input
  std::size_t bytes_ahead_ = 0;                  // of them
  BlockEncoder encoder_;                         // behind the blocks, which it works on until its end
};

}  // namespace bqcdc::pipeline
