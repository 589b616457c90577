#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace bqcdc::emulator::handlers {

// How a column's missing values are read (AppendRowsRequest.MissingValueInterpretation).
enum class MissingValues : uint8_t { kUnspecified = 0, kNull = 1, kDefault = 2 };

// What the rows of a request are (the oneof `rows`).
enum class RowFormat : uint8_t { kNone, kProto, kArrow };

// A google.cloud.bigquery.storage.v1.AppendRowsRequest, parsed by hand: rows stay where they are in the
// request's bytes, which must outlive this.
struct AppendRequest {
  std::string_view write_stream;  // empty: as before
  std::optional<int64_t> offset;
  RowFormat format = RowFormat::kNone;
  bool has_writer_schema = false;
  std::string_view writer_schema;      // kProto: a DescriptorProto, kArrow: a Schema message
  std::vector<std::string_view> rows;  // of kProto
  std::string_view record_batch;       // of kArrow: a RecordBatch message, empty where there is none
  std::string_view trace_id;
  std::map<std::string, MissingValues> missing_values;                 // by column
  MissingValues default_missing_values = MissingValues::kUnspecified;  // kUnspecified: as before
};

// Errors: InvalidArgument where `bytes` is no such message.
absl::StatusOr<AppendRequest> ParseAppendRequest(std::string_view bytes);

}  // namespace bqcdc::emulator::handlers
