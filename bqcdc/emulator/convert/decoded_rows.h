#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/emulator/convert/default_values.h"
#include "bqcdc/emulator/convert/partition_bounds.h"
#include "bqcdc/emulator/engine/chunk.h"

// The rows of one AppendRows request as chunks of the engine: what decoding them takes and gives, whatever
// form they came in (proto_rows.h, arrow/arrow_rows.h).
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

// Rows times columns of one request, and the cells of their ARRAYs' elements: they take 8 bytes each in
// memory, however short the rows are on the wire.
inline constexpr size_t kRequestCellsMax = size_t{64} * 1024 * 1024;

// What beside the rows decides how they are read.
struct DecodeInput {
  // By column of the table: a value that is missing in a row becomes the column's default (the request's
  // DEFAULT_VALUE). Empty: none. A column that the message does not have at all gets its default anyway.
  std::vector<bool> default_when_missing;
  // Bounds of the partitioning column, for every row but a DELETE, which has no value there.
  std::optional<PartitionBounds> partition;
  DefaultFunction evaluate_default;
};

struct DecodedRows {
  size_t row_count = 0;  // of the request, the bad ones included
  // Table columns, then the server's own; `_op` and the sequence number are set. Of use only without faults.
  std::vector<engine::Chunk> chunks;
  // By row; empty where the message has no `_CHANGE_TYPE`.
  std::vector<ChangeKind> kinds;
  std::vector<RowFault> faults;  // by rising index
  bool faults_cut = false;       // there are more than kRowFaultBytesMax holds
  int64_t bytes = 0;             // size of the chunks, about
};

}  // namespace bqcdc::emulator::convert
