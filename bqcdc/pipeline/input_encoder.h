#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/pipeline/change_batch.h"
#include "bqcdc/pipeline/current_binding.h"
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
  // A batch has its first row; `batch` is its number in the progress. Null = nobody wants to know.
  std::function<void(std::uint64_t batch)> on_open;
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

 private:
  // Ok, or the end of the run.
  absl::Status TakeLine(const LineReader& reader, const InputLine& line);
  void TakePosition(const LineReader& reader);
  encode::EncodeError Encode(const InputLine& line);
  absl::Status BeginRows();
  absl::Status FinishRow(const LineReader& reader, const InputLine& line);
  void SetAside(const LineReader& reader, const InputLine& line, std::string_view reason,
                std::string message);
  // Whether the table is another now; then the next row is encoded for that.
  bool FollowTable();
  ChangeBatch& batch() { return static_cast<ChangeBatch&>(*batcher_.current()); }
  void KeepChunk(const LineReader& reader);
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
  encode::JsonRowEncoder encoder_;
  write::LaneBatcher batcher_;
  std::optional<SequenceMode> mode_;
  std::uint64_t mode_line_ = 0;  // the line that decided
  bool rows_begun_ = false;      // on_mode was told
  InputPosition position_;       // before the line that is being taken
  write::TieMemory ties_;
  std::int64_t tie_count_ = 0;
};

}  // namespace bqcdc::pipeline
