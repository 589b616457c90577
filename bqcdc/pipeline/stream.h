#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/checkpoint/checkpoint_file.h"
#include "bqcdc/pipeline/input_encoder.h"
#include "bqcdc/pipeline/line_reader.h"
#include "bqcdc/pipeline/rate_limiter.h"
#include "bqcdc/pipeline/run_meter.h"
#include "bqcdc/pipeline/stop_signal.h"
#include "bqcdc/pipeline/stream_summary.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/schema/table_schema.h"
#include "bqcdc/write/append_connection.h"
#include "bqcdc/write/batch_pool.h"
#include "bqcdc/write/connection_pool.h"
#include "bqcdc/write/limits.h"
#include "bqcdc/write/storage_channel.h"

namespace bqcdc::pipeline {

struct StreamOptions {
  // Behaviour.
  rest::TableName table;
  std::string dead_letter_path;
  std::int64_t bad_rows_max = -1;  // negative = no limit
  std::uint64_t resume_epoch =
      0;  // 0 = a new epoch; else that one, so that a resumed run repeats its numbers
  // A checkpoint that was left behind with rows under way more than write::kReplayAgeMax ago is gone on from;
  // so is a resume_epoch that began as long ago.
  bool replay_old = false;
  // Columns that the table is to have before the first row: added, relaxed or widened where that touches no
  // row (rest/table_evolution.h). Empty = the table stays as it is.
  std::vector<schema::Column> evolve_to;
  absl::Duration claim_check_interval = absl::Seconds(60);
  absl::Duration checkpoint_interval = absl::Seconds(1);
  write::Patience patience;
  absl::Duration schema_read_interval = CurrentBinding::kReadInterval;
  absl::Duration drain_time_max = absl::Seconds(20);  // for what was read when a stop is requested

  // Performance.
  int encode_threads = 1;  // from 1
  write::BatchLimits batch;
  std::size_t request_bytes_max = write::kRequestBytesMaxDefault;
  int requests_in_flight_max = 16;
  std::size_t bytes_in_flight_max = 24 * 1024 * 1024;
  int connections_max = 4;  // each with such a window; used where they bring something
  absl::Duration scaling_period = absl::Seconds(1);  // of write::LaneScaler
  write::BatchPoolLimits memory;
  RateLimit rate_limit;
  // Batches are made so small that their rows are acknowledged within this time, where the service allows it
  // (write::LatencyTarget); 0 = as large as `batch` says.
  absl::Duration target_latency;
  LineReaderOptions input;  // those that the reader was opened with
  std::string trace_id = "bqcdc";
};

// What a stream works with. All must outlive it.
struct StreamSurroundings {
  rest::BigQueryClient* client = nullptr;
  write::ChannelFactory channels;
  const base::Clock* clock = nullptr;
  StopSignal* stop = nullptr;
  // Takes down what the run does. Null = nobody watches.
  RunMeter* meter = nullptr;
  // Where the run's progress is kept. What was loaded from it decides where the run goes on: GoOnFrom() in
  // resume.h, before the reader is opened. Null = nowhere.
  checkpoint::CheckpointFile* checkpoint = nullptr;
  // Told what happens: warnings for the log. May be called from any thread.
  std::function<void(const std::string&)> warn;
  std::function<void(const StreamSummary&, const LineReader&)> on_progress;
};

struct StreamOutcome {
  absl::Status status;  // ok = every row is settled
  StreamSummary summary;
};

// Streams change events from `reader` into a table: reads, encodes, sends with several requests under way,
// settles every row. Blocks until the end; uses one thread for the input, more where several encode, one for
// the claim, one for the checkpoint where there is one, the caller's for sending.
StreamOutcome StreamChanges(const StreamOptions& options, StreamSurroundings surroundings, LineReader reader);

}  // namespace bqcdc::pipeline
