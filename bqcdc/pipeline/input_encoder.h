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
#include "bqcdc/pipeline/batch_pool.h"
#include "bqcdc/pipeline/line_reader.h"
#include "bqcdc/pipeline/table_binding.h"
#include "bqcdc/pipeline/table_claim.h"
#include "bqcdc/pipeline/tie_memory.h"

namespace bqcdc::pipeline {

// When a batch is full.
struct BatchLimits {
  // A batch is handed on once it has this many bytes on the wire. Larger ones save little; smaller ones cost
  // requests.
  std::size_t batch_bytes = 1024 * 1024;
  std::int64_t batch_rows = 50'000;
  // A row waits at most this long for others.
  absl::Duration flush_interval = absl::Seconds(1);
  // Rows of a request never exceed this: the request limit less what stands beside the rows.
  std::size_t rows_bytes_max = 9 * 1024 * 1024;
};

struct InputEncoderOptions {
  BatchLimits limits;
  std::uint64_t epoch = 0;  // of the numbers that are assigned
  std::size_t line_bytes_max = 16 * 1024 * 1024;
};

// What the encoder asks of its surroundings. Called on the encoder's thread.
struct InputEncoderEvents {
  // The first row shows whether the input brings its own numbers. An error ends the run before anything is
  // sent.
  std::function<absl::Status(SequenceMode)> on_mode;
  // Reads the table's schema again; a column was met that it did not have. Null = never.
  std::function<absl::StatusOr<TableBinding>()> refetch;
  // Takes a batch. False ends the run.
  std::function<bool(std::shared_ptr<ChangeBatch>)> on_batch;
};

// Turns lines into batches of encoded rows: decides by the first row where sequence numbers come from,
// numbers rows by their line, sets lines aside that are no rows, and splits batches by bytes, rows and time.
// Not thread-safe.
class InputEncoder {
 public:
  // A schema is read again at most this often, however many unknown columns there are.
  static constexpr absl::Duration kRefetchInterval = absl::Seconds(10);

  InputEncoder(TableBinding binding, InputEncoderOptions options, InputEncoderEvents events,
               std::shared_ptr<BatchPool> pool, const base::Clock& clock);

  // Reads to the end. Batches that were complete when an error came have been handed over, so they are still
  // sent. Errors: of the input; of on_mode; InvalidArgument where some lines bring sequence numbers and some
  // do not.
  absl::Status Run(LineReader& reader);

  std::int64_t tie_count() const { return tie_count_; }

 private:
  // Ok, or the end of the run.
  absl::Status TakeLine(const LineReader& reader, const InputLine& line);
  encode::EncodeError Encode(const InputLine& line);
  absl::Status DecideMode();
  absl::Status FinishRow(const LineReader& reader, const InputLine& line);
  void SetAside(const LineReader& reader, const InputLine& line, std::string_view reason,
                std::string message);
  bool RefetchSchema();
  void KeepChunk(const LineReader& reader);
  absl::Status Flush();
  absl::Status EnsureBatch();
  bool IsFull() const;

  TableBinding binding_;
  const InputEncoderOptions options_;
  const InputEncoderEvents events_;
  const std::shared_ptr<BatchPool> pool_;
  const base::Clock& clock_;
  encode::JsonRowEncoder encoder_;
  std::optional<SequenceMode> mode_;
  std::uint64_t mode_line_ = 0;  // the line that decided
  std::shared_ptr<ChangeBatch> batch_;
  absl::Time batch_deadline_ = absl::InfiniteFuture();
  absl::Time refetched_ = absl::InfinitePast();
  TieMemory ties_;
  std::int64_t tie_count_ = 0;
};

}  // namespace bqcdc::pipeline
