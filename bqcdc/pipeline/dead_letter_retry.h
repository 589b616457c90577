#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/checkpoint/dead_letter_reader.h"
#include "bqcdc/pipeline/stop_signal.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/write/connection_pool.h"
#include "bqcdc/write/limits.h"
#include "bqcdc/write/patience.h"

namespace bqcdc::pipeline {

struct DeadLetterRetryOptions {
  // Rows that were set aside longer ago stay: the service remembers deletes for two days, so an older change
  // could bring a row back that was deleted since.
  absl::Duration age_max = write::kReplayAgeMax;
  // Sends rows in spite of their age, of a table that was created again, and of labels that do not fit.
  bool force = false;
  std::size_t request_bytes_max = write::kRequestBytesMaxDefault;
  write::Patience patience;
  std::string trace_id = "bqcdc";
};

// What it works with. All must outlive it.
struct DeadLetterRetrySurroundings {
  const rest::BigQueryClient* client = nullptr;
  write::ChannelFactory channels;
  const base::Clock* clock = nullptr;
  const StopSignal* stop = nullptr;
  std::function<void(const std::string&)> warn;  // null = nobody
};

struct DeadLetterRetrySummary {
  std::int64_t records = 0;
  std::int64_t written = 0;         // and gone from the file
  std::int64_t failed_again = 0;    // stay, with their new reason
  std::int64_t too_old = 0;         // stay
  std::int64_t of_other_table = 0;  // stay: their table was created again
  std::int64_t not_tried = 0;       // stay, since the retry failed or was stopped
};

struct DeadLetterRetryOutcome {
  absl::Status status;  // ok = every row has had its try
  DeadLetterRetrySummary summary;
};

// Sends the rows of a dead letter file again with the sequence numbers that they had, and takes those that
// were stored out of the file. The table's claim is neither taken nor needed: the numbers put each row where
// it belongs among the changes of its key, whoever writes the table now (docs/adr/0004-checkpoints.md).
DeadLetterRetryOutcome RetryDeadLetters(const DeadLetterRetryOptions& options,
                                        const DeadLetterRetrySurroundings& surroundings,
                                        checkpoint::DeadLetterReader& file);

}  // namespace bqcdc::pipeline
