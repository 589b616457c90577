#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/default_values.h"
#include "bqcdc/emulator/convert/partition_bounds.h"
#include "bqcdc/emulator/convert/writer_schema.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"

// From the rows of one AppendRows request to chunks of the engine, without a message object in between.
namespace bqcdc::emulator::convert {

// What `_CHANGE_TYPE` says of a row.
enum class ChangeKind : uint8_t {
  kUnspecified,  // unset in the row
  kInsert,
  kUpsert,
  kDelete,
  kInvalid,  // the row is bad: it is listed among the errors
};

// Why a row was refused; `message` is the service's text and may hold values.
struct RowFault {
  int64_t index = 0;  // of the row in its request, from 0
  std::string message;
};

// The list of bad rows is cut beyond this many bytes of text, so that an answer stays below what clients
// receive by default (4 MiB).
inline constexpr size_t kRowFaultBytesMax = 1024 * 1024;

struct DecodeInput {
  // Serialized rows; they stay valid during the call.
  std::span<const std::string_view> rows;
  // By column of the table: a value that is missing in a row becomes the column's default (the request's
  // DEFAULT_VALUE). Empty: none. A column that the message does not have at all gets its default anyway.
  std::vector<bool> default_when_missing;
  // Bounds of the partitioning column, for every row but a DELETE, which has no value there.
  std::optional<PartitionBounds> partition;
  DefaultFunction evaluate_default;
};

struct DecodedRows {
  // Table columns, then the server's own; `_op` and the sequence number are set. Of use only without faults.
  std::vector<engine::Chunk> chunks;
  // By row; empty where the message has no `_CHANGE_TYPE`.
  std::vector<ChangeKind> kinds;
  std::vector<RowFault> faults;  // by rising index
  bool faults_cut = false;       // there are more than kRowFaultBytesMax holds
  int64_t bytes = 0;             // size of the chunks, about
};

// Decodes every row, also behind bad ones, so that all of them can be listed. protobuf's rules hold: the last
// value of a field wins, parts of a message are merged, unknown fields and unknown enum numbers are passed
// over, presence is proto2's. The bytes are foreign and may be anything. Errors: those of `evaluate_default`.
absl::StatusOr<DecodedRows> DecodeRows(const WriterPlan& plan, const DecodeInput& input);

}  // namespace bqcdc::emulator::convert
