#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "bqcdc/emulator/cdc/key_dictionary.h"
#include "bqcdc/emulator/cdc/pending_rows.h"
#include "bqcdc/emulator/cdc/row_operation.h"
#include "bqcdc/values/sequence_number.h"

// The order of changes: who wins a key, and what a view shows. The only place that decides it.
// https://cloud.google.com/bigquery/docs/change-data-capture
namespace bqcdc::emulator::cdc {

struct FoldRules {
  int64_t tombstone_retention_us = int64_t{48} * 3600 * 1'000'000;  // deletes older than this are forgotten
  int64_t forget_sequences_after_us = 0;  // applied rows older than this lose their number; 0: never
};

// The last replacing change of a key.
struct Winner {
  bool is_delete = false;
  bool applied = false;  // stands in the baseline
  bool has_sequence = false;
  int64_t ingest_us = 0;
  values::SequenceNumber sequence;
};

// Whether `change` takes the place of `winner`. Changes are offered in (ingest, ordinal) order.
bool Replaces(const FoldRules& rules, const PendingRow& change, const Winner& winner);

// What a fold says about a row; kept as a set of bits.
enum RowFlag : uint8_t {
  kRowShown = 1,      // the row is part of the view
  kRowHidesKey = 2,   // what the baseline holds of the row's key is not; one row for each such key
  kRowTombstone = 4,  // the row is a DELETE that won its key
};

// Folds the pending rows of one table over its baseline. Rows are folded once, in order; a later call goes on
// where the last one stopped. Not thread-safe.
class Fold {
 public:
  // `highest_applied`: no change in the baseline has a higher number; unset: none has one. A change that is
  // not below it replaces whatever is applied, so the baseline is asked only for the other keys.
  Fold(FoldRules rules, std::optional<values::SequenceNumber> highest_applied)
      : rules_(rules), highest_applied_(highest_applied) {}

  size_t row_count() const { return folded_; }

  // One row for each key whose applied winner decides and is not known yet, among rows [row_count(), end).
  std::vector<size_t> RowsToLookUp(const PendingRows& rows, size_t end) const;
  // The answer for such a key; keys without an answer have no applied winner.
  void SetAppliedWinner(KeyId key, const Winner& winner);
  // Folds rows [row_count(), end). REQUIRES: RowsToLookUp(rows, end) has been answered.
  void Extend(const PendingRows& rows, size_t end);

  const std::vector<uint8_t>& flags() const { return flags_; }
  size_t shown_count() const { return shown_count_; }
  size_t hidden_key_count() const { return hidden_key_count_; }
  size_t tombstone_count() const { return tombstone_count_; }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  struct KeyState {
    uint32_t winner_row = kNone;  // pending row; kNone: the applied winner, if any
    uint32_t newest_plain = kNone;
    bool known = false;  // the applied winner no longer matters, or has been asked for
  };

  bool Certain(const PendingRow& change) const;
  bool ReplacesWinner(const PendingRows& rows, const PendingRow& change, const KeyState& key) const;
  void Replace(const PendingRows& rows, size_t row, KeyState& key);
  void Show(size_t row);
  void Hide(size_t row);

  const FoldRules rules_;
  const std::optional<values::SequenceNumber> highest_applied_;
  std::vector<KeyState> keys_;
  absl::flat_hash_map<KeyId, Winner> applied_winners_;
  std::vector<uint8_t> flags_;
  std::vector<uint32_t> previous_plain_;  // by row: the next older visible plain row of its key
  size_t folded_ = 0;
  size_t shown_count_ = 0;
  size_t hidden_key_count_ = 0;
  size_t tombstone_count_ = 0;
};

}  // namespace bqcdc::emulator::cdc
