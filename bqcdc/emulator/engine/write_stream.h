#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Application-created write streams
// (https://cloud.google.com/bigquery/docs/write-api#application-created_streams), as plain values.
namespace bqcdc::emulator::engine {

// Stored; the numbers are those of the API.
enum class WriteStreamType : uint8_t { kCommitted = 1, kPending = 2, kBuffered = 3 };

struct WriteStream {
  int64_t table_uid = 0;
  std::string id;
  int64_t number = 0;  // marks the stream's rows in the staged table
  WriteStreamType type = WriteStreamType::kCommitted;
  bool finalized = false;
  int64_t next_offset = 0;  // rows that were appended
  int64_t released = 0;     // rows of a PENDING or BUFFERED stream that are in the table; the first ones
  int64_t create_us = 0;
  std::optional<int64_t> commit_us;  // of a PENDING stream
  int64_t touched_us = 0;            // last traffic

  // Its rows wait in the staged table until they are committed or flushed.
  bool staged() const { return type != WriteStreamType::kCommitted; }
};

// How long a stream lives without traffic: COMMITTED 3 days, BUFFERED 7 days, PENDING 24 hours, 4 hours once
// it is finalized and not committed.
absl::Duration Lifetime(const WriteStream& stream);
bool IsExpired(const WriteStream& stream, int64_t now_us);

// An id that nobody can guess; `IsStreamId`: whether `id` may be one of ours.
std::string NewStreamId();
bool IsStreamId(std::string_view id);

// What is wrong with what was asked of a stream.
enum class StreamFault : uint8_t {
  kNotFound,          // or expired
  kFinalized,         // appended to, or flushed, afterwards
  kNotFinalized,      // committed before
  kAlreadyCommitted,  // twice
  kWrongType,         // committed and not PENDING, flushed and not BUFFERED
  kOffsetExists,      // of an append: within the stream
  kOffsetBeyond,      // of an append: behind the stream
  kAlreadyFlushed,    // a flush up to less than what is flushed
  kFlushBeyond,       // a flush of rows that were not appended
};

struct StreamRefusal {
  StreamFault fault = StreamFault::kNotFound;
  int64_t expected_offset = 0;  // kOffsetExists, kOffsetBeyond
  int64_t received_offset = 0;  // these, and those of a flush
};

// FailedPrecondition that carries the refusal: texts are the front's.
absl::Status StreamRefused(const StreamRefusal& refusal);
std::optional<StreamRefusal> RefusalOf(const absl::Status& status);

// An append to a created stream.
struct StreamAppend {
  std::string id;
  std::optional<int64_t> offset;  // where the rows must come to stand; unset: at the end
  int64_t stored_offset = 0;      // where they stand; set when the append has succeeded
};

struct CommitOutcome {
  struct Refused {
    std::string id;
    StreamFault fault;
  };
  std::vector<Refused> refused;  // not empty: nothing was committed
  absl::Time commit_time;
};

}  // namespace bqcdc::emulator::engine
