#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/write/row_batch.h"
#include "bqcdc/write/tie_memory.h"

namespace bqcdc::write {

// When a batch is full.
struct BatchLimits {
  // A batch is handed on once it has this many bytes on the wire. Larger ones save little; smaller ones cost
  // requests.
  std::size_t batch_bytes = 1024 * 1024;
  std::int64_t batch_rows = 50'000;
  // A row waits at most this long for others.
  absl::Duration flush_interval = absl::Seconds(1);
  // Rows of a request never exceed this: the request limit less what stands beside the rows.
  std::size_t rows_bytes_max = 9 * 1024 * 1024;
};

// What a batcher asks of its surroundings. Called on the thread that uses it.
struct BatcherEvents {
  // An empty batch; null ends the run. May wait, which is how a slow service slows the source down.
  std::function<std::shared_ptr<RowBatch>()> acquire;
  // The batch has its first row, or whatever else it carries.
  std::function<void(RowBatch&)> on_begin;
  // Takes a batch. False ends the run.
  std::function<bool(std::shared_ptr<RowBatch>)> on_batch;
  // How many lanes rows are to be spread over; asked between batches. Null = one.
  std::function<int()> lanes_wanted;
  // Bytes of a batch from now on, at most BatchLimits::batch_bytes; asked between batches. Null = that.
  std::function<std::size_t()> batch_bytes_wanted;
};

// Spreads the rows of a table over lanes by the hash of their key, and splits each lane into batches by
// bytes, rows and time. Rows with equal key and sequence number never share a batch. Not thread-safe.
//
// A row is encoded into current()->rows by the user, then TakeRow() puts it where it belongs: with one lane
// it stays where it is; with several it is copied where its key has another lane than the row before
// (docs/adr/0010-a-row-is-copied-into-its-lane.md). Rows that are encoded already are taken by EnsureFor()
// and TakeRow(), or many at once by TakeRows().
class LaneBatcher {
 public:
  LaneBatcher(BatchLimits limits, BatcherEvents events, const base::Clock& clock)
      : limits_(limits),
        events_(std::move(events)),
        clock_(clock),
        lanes_(1),
        batch_bytes_(limits.batch_bytes) {}

  // Schema of the batches that are made from now on; those before are handed on. To be called before the
  // first row.
  absl::Status SetDestination(std::shared_ptr<const Destination> destination, int table = 0);

  // The batch that the next row is encoded into; null after Ensure() failed, or was never called.
  RowBatch* current() { return lanes_[current_].batch.get(); }
  // Makes it where there is none. Errors: Cancelled when the run has ended.
  absl::Status Ensure() {
    return lanes_[current_].batch != nullptr ? absl::OkStatus() : Open(lanes_[current_]);
  }

  // The same for a row that is encoded already, to be appended to current()->rows: makes its lane current.
  absl::Status EnsureFor(const encode::RowFacts& facts);

  // To be called when one row was added to current()->rows; current() is its batch afterwards, and the row is
  // the last in it. `tie` tells whether a row with its key and number stands in the batch before; only where
  // `ties_possible`. On an error the row is in no batch.
  absl::Status TakeRow(bool ties_possible, bool* tie);
  // Takes all of `rows`, of which the first came at `begun`, as a batch of their own without a copy; `rows`
  // is empty afterwards and current() is their batch. False, and nothing is changed, where they are no batch:
  // several lanes, too many or too few of them, or ties among them.
  absl::StatusOr<bool> TakeRows(encode::EncodedRows& rows, bool ties_possible, absl::Time begun);
  // To be called when something else was put into current(), so that it goes with the batch.
  void Touch() { BeginIfEmpty(lanes_[current_]); }

  // Forgets current() with all that is in it: it is not handed on.
  void Drop();

  // Hands current() on where it is full, or `full` says so.
  absl::Status FlushIfFull(bool full = false);
  // Hands on what has waited long enough.
  absl::Status FlushDue();
  // On an error, too, no batch is left.
  absl::Status FlushAll();
  // When FlushDue() has something to do.
  absl::Time next_deadline() const;
  // Whether any batch has something in it.
  bool empty() const { return next_deadline() == absl::InfiniteFuture(); }

  // Whether a batch was handed on since FollowLanes().
  bool flushed() const { return flushed_; }
  // Follows lanes_wanted(): when the number changes, everything is handed on, and the next batches are of a
  // new generation.
  absl::Status FollowLanes();

  const BatchLimits& limits() const { return limits_; }
  // Bytes of a batch that is full.
  std::size_t batch_bytes() const { return batch_bytes_; }

 private:
  struct Lane {
    std::shared_ptr<RowBatch> batch;  // null = none yet
    absl::Time deadline = absl::InfiniteFuture();
    TieMemory::Batch ties;
  };

  std::size_t LaneOf(const encode::RowFacts& facts) const;
  // Whether a row like this one is in the batch. Remembers it.
  static bool Ties(TieMemory::Batch& batch, std::uint64_t hash);
  bool MakeABatch(const encode::EncodedRows& rows) const;
  absl::Status Open(Lane& lane);
  void BeginIfEmpty(Lane& lane);
  void Begin(Lane& lane, absl::Time begun);
  absl::Status MoveLastRow(std::size_t to);
  absl::Status Flush(Lane& lane);

  const BatchLimits limits_;
  const BatcherEvents events_;
  const base::Clock& clock_;
  std::shared_ptr<const Destination> destination_;
  int table_ = 0;
  std::vector<Lane> lanes_;
  std::size_t current_ = 0;  // lane of the last row
  std::uint64_t generation_ = 0;
  std::size_t batch_bytes_;
  bool flushed_ = false;
};

}  // namespace bqcdc::write
