#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bqcdc::emulator::engine {

// Keeps what a checkpoint of a DuckDB file writes over, until the checkpoint is durable.
//
// DuckDB writes a checkpoint into blocks that nothing refers to and makes it valid by one page, the header,
// so a kill in between leaves the checkpoint of before. One kind of block is an exception: 64 pieces of
// metadata share a block of 256 KiB, and those that are free in it are filled in place, beside those that the
// header refers to (MetadataManager::AllocateHandle and Flush, 1.4.4). The kernel may end a write of that
// size in the middle when the process is killed, the disk when the power goes; then the block does not fit
// its checksum and the file cannot be opened any more. So these blocks go into a journal first, and the next
// start puts them back. (Of a header only the first sector ever changes.)
//
// The journal is the file's path and ".journal": the file's headers, then each block's number and bytes. It
// is durable before its name is, so one that has its name is whole. It counts as long as the headers in the
// file are those in it; once they differ, the checkpoint it was made for is durable.
//
// One thread at a time.
class CheckpointJournal {
 public:
  explicit CheckpointJournal(std::string path) : path_(std::move(path)) {}
  // After DuckDB has closed the file: its lock on it belongs to the process, and closing any descriptor of
  // the file gives it up.
  ~CheckpointJournal();
  CheckpointJournal(const CheckpointJournal&) = delete;
  CheckpointJournal& operator=(const CheckpointJournal&) = delete;

  // Before DuckDB opens the file: undoes what a checkpoint that did not end has written over. Internal with
  // the path and the reason where the system refuses, FailedPrecondition for what is no journal.
  absl::Status RollBack() const;
  // Keeps `blocks` of the open file, by DuckDB's numbers. When it fails, there must be no checkpoint.
  absl::Status Begin(const std::vector<int64_t>& blocks);
  // The checkpoint is durable. After one that failed, the journal stays.
  void End() const;

 private:
  std::string JournalPath() const { return path_ + ".journal"; }
  absl::StatusOr<std::string> SavedHeaders(int journal) const;
  absl::Status PutBack(int journal, int file) const;
  absl::Status WriteBlocks(int journal, const std::vector<int64_t>& blocks) const;

  const std::string path_;  // of the DuckDB file
  int file_ = -1;
};

}  // namespace bqcdc::emulator::engine
