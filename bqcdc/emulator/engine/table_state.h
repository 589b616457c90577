#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/cdc/fold.h"
#include "bqcdc/emulator/cdc/key_dictionary.h"
#include "bqcdc/emulator/cdc/pending_rows.h"
#include "bqcdc/emulator/engine/row_flags.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::emulator::engine {

// How far a table's changes have been applied. Stored in the baseline file by the transaction that applies.
// Times are microseconds since the Unix epoch.
struct ApplyRecord {
  int64_t applied_ordinal = 0;  // rows up to this ordinal are in the baseline
  int64_t applied_us = 0;       // time of the last apply, with or without changes
  std::optional<int64_t> watermark_us;
  std::optional<int64_t> last_change_us;          // ingest time of the last UPSERT or DELETE
  std::optional<values::SequenceNumber> highest;  // no applied change has a higher sequence number
  std::optional<int64_t> oldest_tombstone_us;     // unset: no DELETE is remembered
};

// Which pending rows a reader sees; taken under the core's mutex.
struct PendingView {
  ApplyRecord record;
  std::shared_ptr<const cdc::PendingRows>
      rows;  // null for a table without a primary key, or without pending rows
  size_t row_count = 0;
  size_t change_count = 0;  // UPSERTs and DELETEs among them

  int64_t last_ordinal() const { return record.applied_ordinal + static_cast<int64_t>(row_count); }
};

// The result of a fold over a PendingView.
struct FoldedView {
  std::shared_ptr<const RowFlags> flags;
  size_t shown_count = 0;
  size_t hidden_key_count = 0;
  size_t tombstone_count = 0;
};

// What the engine keeps in memory of one table: its unapplied rows and the fold over them.
class TableState {
 public:
  TableState(int64_t uid, ApplyRecord record) : uid(uid), record_(record) {}

  const int64_t uid;

  // The members below are guarded by DatabaseCore::mutex, except `keys_`, which belongs to whoever publishes
  // rows (the committing thread, or the applier while it keeps that thread out).
  ApplyRecord record_;
  std::shared_ptr<cdc::PendingRows> rows_;
  std::unique_ptr<cdc::KeyDictionary> keys_;
  size_t row_count_ = 0;
  size_t change_count_ = 0;
  std::optional<int64_t> last_tick_us_;  // when the timer of applies started; unset: not running

  PendingView View() const { return {record_, rows_, row_count_, change_count_}; }
  int64_t next_ordinal() const { return record_.applied_ordinal + static_cast<int64_t>(row_count_) + 1; }

  // The fold over `rows`, kept between queries so that each row is folded once.
  absl::Mutex fold_mutex_;
  std::shared_ptr<const cdc::PendingRows> folded_rows_ ABSL_GUARDED_BY(fold_mutex_);
  std::unique_ptr<cdc::Fold> fold_ ABSL_GUARDED_BY(fold_mutex_);
  std::shared_ptr<const FoldedView> folded_view_ ABSL_GUARDED_BY(fold_mutex_);
};

}  // namespace bqcdc::emulator::engine
