#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/checkpoint/file_identity.h"
#include "bqcdc/checkpoint/locked_file.h"

namespace bqcdc::checkpoint {

// One input of a run and how far it was read.
struct CheckpointInput {
  FileIdentity identity;
  std::optional<std::uint64_t> bytes;  // its size, where it was read and settled to its end

  friend bool operator==(const CheckpointInput&, const CheckpointInput&) = default;
};

// How far a run has come: every line before the position is settled. Holds no cell values.
struct Checkpoint {
  std::string table;  // "p.d.t"
  std::int64_t table_creation_time_ms = 0;
  std::uint64_t epoch = 0;
  std::string owner;  // of the run that wrote it, as in the table's label
  // Who numbers the rows: "assigned", "own", or "undecided" before the first row; then nothing was sent.
  std::string sequence = "undecided";
  std::uint64_t sequence_line = 0;  // the line that decided it
  bool follow = false;
  std::vector<CheckpointInput> inputs;  // with `follow` the one that the position is in

  // The position.
  std::uint64_t line = 0;         // lines before it, over all inputs
  std::size_t input = 0;          // index
  std::uint64_t offset = 0;       // bytes of that input before it
  std::uint64_t tail_bytes = 0;   // that tail_sha256 covers, directly before the position
  std::string tail_sha256;        // of files
  std::uint64_t prefix_hash = 0;  // of pipes: over all bytes before the position

  bool ended = false;    // the run came to the end of its input
  bool drained = false;  // nothing behind the position was sent
  // Of all runs of this checkpoint together; of rows that were sent again, both times count.
  std::int64_t upserts = 0, deletes = 0, set_aside = 0;
  absl::Time written_at;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The file that a run goes on from: docs/formats/checkpoint.md. One process at a time. Not thread-safe.
class CheckpointFile {
 public:
  // Locks the file, makes it where there is none, and reads it. Errors: FailedPrecondition (in use, of a
  // newer format, damaged), Internal (disk).
  static absl::StatusOr<CheckpointFile> Open(const std::string& path);

  // What it holds; nothing where no run has written it yet.
  const std::optional<Checkpoint>& loaded() const { return loaded_; }
  const std::string& path() const { return file_.path(); }

  // Puts a new checkpoint in place of the one before, durably and at once.
  absl::Status Write(const Checkpoint& checkpoint);

 private:
  explicit CheckpointFile(LockedFile file) : file_(std::move(file)) {}

  LockedFile file_;
  std::optional<Checkpoint> loaded_;
};

// For tests and tools: without the lock.
std::string FormatCheckpoint(const Checkpoint& checkpoint);
absl::StatusOr<Checkpoint> ParseCheckpoint(const std::string& text, const std::string& path);

}  // namespace bqcdc::checkpoint
