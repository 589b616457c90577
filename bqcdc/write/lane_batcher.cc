#include "bqcdc/write/lane_batcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/encode/mutant.h"

namespace bqcdc::write {

absl::Status LaneBatcher::SetDestination(std::shared_ptr<const Destination> destination, int table) {
  BQCDC_RETURN_IF_ERROR(FlushAll());
  destination_ = std::move(destination);
  table_ = table;
  return absl::OkStatus();
}

absl::Status LaneBatcher::Open(Lane& lane) {
  lane.batch = events_.acquire();
  if (lane.batch == nullptr) return absl::CancelledError("the run has ended");
  lane.batch->destination = destination_;
  lane.batch->table = table_;
  lane.batch->lane = static_cast<int>(&lane - lanes_.data());
  lane.batch->generation = generation_;
  return absl::OkStatus();
}

std::size_t LaneBatcher::LaneOf(const encode::RowFacts& facts) const {
  if (lanes_.size() == 1) return 0;
  return LaneOfKey(encode::Mutated(encode::Mutant::kLaneOfRow) ? facts.tie_hash : facts.key_hash,
                   lanes_.size());
}

bool LaneBatcher::Ties(TieMemory::Batch& batch, std::uint64_t hash) {
  return batch.Seen(hash) && !encode::Mutated(encode::Mutant::kTiesShareBatch);
}

absl::Status LaneBatcher::EnsureFor(const encode::RowFacts& facts) {
  current_ = LaneOf(facts);
  return Ensure();
}

void LaneBatcher::BeginIfEmpty(Lane& lane) {
  if (lane.deadline == absl::InfiniteFuture()) Begin(lane, clock_.Now());
}

void LaneBatcher::Begin(Lane& lane, absl::Time begun) {
  lane.batch->begun = begun;
  lane.deadline = begun + limits_.flush_interval;
  if (events_.on_begin) events_.on_begin(*lane.batch);
}

absl::Status LaneBatcher::TakeRow(bool ties_possible, bool* tie) {
  *tie = false;
  const encode::EncodedRows* rows = &lanes_[current_].batch->rows;
  const std::size_t to = LaneOf(rows->facts(rows->row_count() - 1));
  if (to != current_) BQCDC_RETURN_IF_ERROR(MoveLastRow(to));
  rows = &lanes_[current_].batch->rows;
  std::uint64_t hash = 0;
  if (ties_possible) {
    hash = rows->facts(rows->row_count() - 1).tie_hash;
    *tie = Ties(lanes_[current_].ties, hash);
  }
  if ((*tie || rows->byte_count() > limits_.rows_bytes_max) && rows->row_count() > 1) {
    // The row begins the next batch; its bytes are copied, and that is rare.
    BQCDC_RETURN_IF_ERROR(MoveLastRow(current_));
    if (ties_possible) lanes_[current_].ties.Seen(hash);
  }
  Lane& lane = lanes_[current_];
  lane.batch->ties_possible = ties_possible;
  BeginIfEmpty(lane);
  return absl::OkStatus();
}

// A batch may exceed what it is to have by a part, not by a multiple.
bool LaneBatcher::MakeABatch(const encode::EncodedRows& rows) const {
  const Lane& lane = lanes_.front();
  const std::size_t waiting = lane.batch != nullptr ? lane.batch->rows.byte_count() : 0;
  return lanes_.size() == 1 && !rows.empty() &&
         static_cast<std::int64_t>(rows.row_count()) <= limits_.batch_rows &&
         rows.byte_count() <= std::min(limits_.rows_bytes_max, batch_bytes_ + batch_bytes_ / 4) &&
         (lane.deadline == absl::InfiniteFuture() || waiting + rows.byte_count() > batch_bytes_);
}

absl::StatusOr<bool> LaneBatcher::TakeRows(encode::EncodedRows& rows, bool ties_possible, absl::Time begun) {
  if (!MakeABatch(rows)) return false;
  TieMemory::Batch ties;
  for (std::size_t i = 0; ties_possible && i < rows.row_count(); ++i) {
    if (Ties(ties, rows.facts(i).tie_hash)) return false;
  }
  Lane& lane = lanes_.front();
  BQCDC_RETURN_IF_ERROR(Flush(lane));
  BQCDC_RETURN_IF_ERROR(Ensure());
  std::swap(lane.batch->rows, rows);
  lane.ties = std::move(ties);
  lane.batch->ties_possible = ties_possible;
  Begin(lane, begun);
  return true;
}

// Moves the row that was encoded last into the batch of lane `to`; into a new one where that is its own.
absl::Status LaneBatcher::MoveLastRow(std::size_t to) {
  Lane& from = lanes_[current_];
  const std::size_t last = from.batch->rows.row_count() - 1;
  const encode::RowFacts facts = from.batch->rows.facts(last);
  if (to == current_) {
    const std::string row(from.batch->rows.row(last));
    from.batch->rows.Truncate(last);
    BQCDC_RETURN_IF_ERROR(Flush(from));
    BQCDC_RETURN_IF_ERROR(Open(from));
    from.batch->rows.Append(row, facts);
    return absl::OkStatus();
  }
  if (lanes_[to].batch == nullptr) {
    const absl::Status opened = Open(lanes_[to]);
    if (!opened.ok()) {
      from.batch->rows.Truncate(last);
      return opened;
    }
  }
  lanes_[to].batch->rows.Append(from.batch->rows.row(last), facts);
  from.batch->rows.Truncate(last);
  current_ = to;
  return absl::OkStatus();
}

void LaneBatcher::Drop() {
  Lane& lane = lanes_[current_];
  lane.deadline = absl::InfiniteFuture();
  lane.ties.Clear();
  lane.batch = nullptr;
}

absl::Status LaneBatcher::FlushIfFull(bool full) {
  Lane& lane = lanes_[current_];
  if (lane.batch == nullptr) return absl::OkStatus();
  full = full || lane.batch->rows.byte_count() >= batch_bytes_ ||
         static_cast<std::int64_t>(lane.batch->rows.row_count()) >= limits_.batch_rows;
  return full ? Flush(lane) : absl::OkStatus();
}

absl::Status LaneBatcher::Flush(Lane& lane) {
  if (lane.deadline == absl::InfiniteFuture()) return absl::OkStatus();
  lane.deadline = absl::InfiniteFuture();
  lane.ties.Clear();
  flushed_ = true;
  lane.batch->handed_on = clock_.Now();
  if (!events_.on_batch(std::exchange(lane.batch, nullptr))) return absl::CancelledError("the run has ended");
  return absl::OkStatus();
}

absl::Status LaneBatcher::FlushAll() {
  absl::Status status;
  for (Lane& lane : lanes_) {
    status.Update(Flush(lane));
    lane.batch = nullptr;  // An empty one was made for the schema and the lanes of before.
  }
  return status;
}

absl::Status LaneBatcher::FlushDue() {
  const absl::Time now = clock_.Now();
  for (Lane& lane : lanes_) {
    if (lane.deadline <= now) BQCDC_RETURN_IF_ERROR(Flush(lane));
  }
  return absl::OkStatus();
}

absl::Time LaneBatcher::next_deadline() const {
  absl::Time deadline = absl::InfiniteFuture();
  for (const Lane& lane : lanes_) deadline = std::min(deadline, lane.deadline);
  return deadline;
}

absl::Status LaneBatcher::FollowLanes() {
  flushed_ = false;
  if (events_.batch_bytes_wanted) batch_bytes_ = std::min(events_.batch_bytes_wanted(), limits_.batch_bytes);
  const int wanted = events_.lanes_wanted ? events_.lanes_wanted() : 1;
  if (wanted == static_cast<int>(lanes_.size())) return absl::OkStatus();
  BQCDC_RETURN_IF_ERROR(FlushAll());
  lanes_.clear();
  lanes_.resize(static_cast<std::size_t>(wanted));
  current_ = 0;
  ++generation_;
  return absl::OkStatus();
}

}  // namespace bqcdc::write
