#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/checkpoint/dead_letter_file.h"
#include "bqcdc/pipeline/change_batch.h"
#include "bqcdc/pipeline/progress.h"
#include "bqcdc/pipeline/run_meter.h"
#include "bqcdc/pipeline/stream_summary.h"
#include "bqcdc/write/settlement_handler.h"

namespace bqcdc::pipeline {

// The reason in a dead letter record: "refused", or the word for what is found before the wire too.
std::string_view DeadLetterReason(write::RefusalReason reason);

struct StreamSettlementOptions {
  // More rows set aside than this end the run; negative = no limit.
  std::int64_t bad_rows_max = -1;
  std::function<std::string(std::size_t source)> source_name;
};

// Settles the rows of a run: counts what was stored, writes what was refused into the dead letter file, moves
// the progress, tells the meter. Batches are ChangeBatch. Not thread-safe; used by the thread that runs the
// sender.
class StreamSettlement final : public write::SettlementHandler {
 public:
  // All must outlive it.
  StreamSettlement(StreamSettlementOptions options, checkpoint::DeadLetterFile& dead_letter,
                   Progress& progress, RunMeter& meter)
      : options_(std::move(options)), dead_letter_(dead_letter), progress_(progress), meter_(meter) {}

  absl::Status OnStart(write::RowBatch& batch) override;
  void OnStored(write::RowBatch& batch, const write::RowSelection& rows) override;
  absl::Status OnRefused(write::RowBatch& batch, std::span<const write::RefusedRow> rows) override;
  void OnSettled(const std::shared_ptr<write::RowBatch>& batch) override;

  StreamSummary& summary() { return summary_; }

 private:
  absl::Status WriteDeadLetters(const std::vector<checkpoint::DeadLetterRecord>& records);

  const StreamSettlementOptions options_;
  checkpoint::DeadLetterFile& dead_letter_;
  Progress& progress_;
  RunMeter& meter_;
  StreamSummary summary_;
};

}  // namespace bqcdc::pipeline
