#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/checkpoint/locked_file.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::checkpoint {

// A record of a dead letter file, as it was written.
struct StoredDeadLetter {
  std::string table;  // "p.d.t"
  std::int64_t table_creation_time_ms = 0;
  std::string source;
  values::SequenceNumber sequence;
  std::uint64_t line = 0;
  std::string reason, message;
  std::string column;  // empty = not known, or written before there was such a member
  absl::Time set_aside_at;
  std::string row;
};

// Why a row was set aside; the members of a DeadLetterRecord.
struct DeadLetterCause {
  std::string reason, message, column;
};

// What becomes of a record when the file is written anew.
struct DeadLetterFate {
  bool leaves = false;
  // Set: it stays, with these.
  std::optional<DeadLetterCause> cause;
};

// A dead letter file that exists, read and written anew by one process at a time. Not thread-safe.
class DeadLetterReader {
 public:
  // Errors: NotFound, FailedPrecondition (in use).
  static absl::StatusOr<DeadLetterReader> Open(const std::string& path);

  // Hands over each record with its index, from 0. A last line that a crash cut off is none. A status of
  // `take` ends it. Errors: FailedPrecondition for a line that is no record, or of a newer format.
  absl::Status ForEach(
      const std::function<absl::Status(std::size_t index, StoredDeadLetter record)>& take) const;

  // Writes the file anew, at once and durably.
  absl::Status Rewrite(const std::function<DeadLetterFate(std::size_t index)>& decide);

  const std::string& path() const { return file_.path(); }

 private:
  explicit DeadLetterReader(LockedFile file) : file_(std::move(file)) {}
  absl::Status ForEachLine(
      const std::function<absl::Status(std::size_t index, std::string_view line)>& take) const;

  LockedFile file_;
};

}  // namespace bqcdc::checkpoint
