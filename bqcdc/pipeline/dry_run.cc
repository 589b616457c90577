#include "bqcdc/pipeline/dry_run.h"

#include <algorithm>
#include <utility>

#include "bqcdc/pipeline/table_binding.h"

namespace bqcdc::pipeline {

StreamOutcome DryRun(const rest::TableName& name, const schema::TableSchema& schema,
                     const StreamOptions& options, LineReader reader, const base::Clock& clock) {
  const absl::Time started = clock.Now();
  StreamOutcome outcome;
  StreamSummary& summary = outcome.summary;
  summary.dry_run = true;
  rest::TableResource table;
  table.schema = schema;
  absl::StatusOr<TableBinding> binding = BindTable(name, table);
  if (!binding.ok()) {
    outcome.status = binding.status();
    return outcome;
  }
  InputEncoderOptions encoder_options;
  encoder_options.limits = options.batch;
  encoder_options.epoch = 1;
  encoder_options.line_bytes_max = options.input.line_bytes_max;
  encoder_options.threads = options.encode_threads;
  write::BatchPoolLimits memory = options.memory;
  encoder_options.bytes_ahead_max = std::min(memory.bytes / 2, InputEncoder::BytesAhead(encoder_options));
  memory.bytes -= encoder_options.bytes_ahead_max;
  Progress progress;
  InputEncoderEvents events;
  events.on_batch = [&](const std::shared_ptr<ChangeBatch>& batch) {
    const encode::RowCounts counts = batch->rows.counts();
    summary.upserts += counts.upserts;
    summary.deletes += counts.deletes;
    summary.bytes += counts.upsert_bytes + counts.delete_bytes;
    progress.Settle(batch->progress);
    if (!batch->rows.empty()) ++summary.requests;
    summary.set_aside += static_cast<std::int64_t>(batch->bad_rows.size());
    for (const BadRow& bad : batch->bad_rows) {
      if (summary.set_aside_shown.size() >= StreamSummary::kSetAsideShownMax) break;
      summary.set_aside_shown.push_back({bad.line.number, reader.source_name(bad.line.source), bad.message});
    }
    return options.bad_rows_max < 0 || summary.set_aside <= options.bad_rows_max;
  };
  CurrentBinding current(*std::move(binding), /*read=*/nullptr, clock);
  InputEncoder encoder(current, encoder_options, std::move(events),
                       write::BatchPool::Create([] { return std::make_unique<ChangeBatch>(); }, memory),
                       progress, clock);
  outcome.status = encoder.Run(reader);
  if (absl::IsCancelled(outcome.status))
    outcome.status = absl::FailedPreconditionError("too many bad rows (--max-bad-rows)");
  summary.ties = encoder.tie_count();
  summary.lines = reader.line_count();
  summary.interrupted = outcome.status.ok() && !reader.reached_end();
  summary.elapsed = clock.Now() - started;
  return outcome;
}

}  // namespace bqcdc::pipeline
