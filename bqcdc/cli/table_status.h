#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/values/interval.h"

namespace bqcdc::cli {

// How far a run has come, as its checkpoint says.
struct LastPosition {
  std::uint64_t line = 0;    // lines before it, over all inputs
  std::string input;         // name of the file that it is in
  std::uint64_t offset = 0;  // bytes of that file before it
  absl::Time written_at;
};

// What the service knows of a table that is streamed to.
struct TableStatus {
  std::string table;
  std::uint64_t epoch = 0;    // 0 = never written by bqcdc
  std::string owner;          // of the last run; empty = none
  std::string sequence_mode;  // "assigned", "own"; empty = not decided
  values::Interval max_staleness;
  std::optional<absl::Time> watermark;             // unset = no changes yet
  std::optional<rest::StreamingBuffer> unapplied;  // unset = the service tells of none
  std::optional<LastPosition> position;            // unset = no checkpoint was given
};

// Two queries of INFORMATION_SCHEMA and one tables.get; writes nothing.
absl::StatusOr<TableStatus> ReadTableStatus(const rest::BigQueryClient& client, const rest::TableName& name);

// Lines "name: value"; JSON is one object, with null for what is not known.
std::string FormatStatusText(const TableStatus& status, absl::Time now);
std::string FormatStatusJson(const TableStatus& status, absl::Time now);

}  // namespace bqcdc::cli
