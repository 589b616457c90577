#include "bqcdc/emulator/cdc/fold.h"

#include <algorithm>
#include <cassert>
#include <compare>

#include "absl/container/flat_hash_set.h"
#include "bqcdc/emulator/cdc/mutant.h"

namespace bqcdc::emulator::cdc {
namespace {

using values::SequenceNumber;

std::strong_ordering CompareSigned(const SequenceNumber& a, const SequenceNumber& b) {
  for (size_t i = 0; i < SequenceNumber::kSectionCount; ++i) {
    const auto order = static_cast<int64_t>(a.sections[i]) <=> static_cast<int64_t>(b.sections[i]);
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

std::strong_ordering Compare(const SequenceNumber& a, const SequenceNumber& b) {
  if (Mutated(Mutant::kSequenceAsText)) return a.ToString().compare(b.ToString()) <=> 0;
  if (Mutated(Mutant::kSequenceFirstSectionOnly)) return a.sections[0] <=> b.sections[0];
  if (Mutated(Mutant::kSequenceSigned)) return CompareSigned(a, b);
  return a <=> b;
}

// Whether the DELETE `winner` is too old to be remembered when `change` arrives.
bool Forgotten(const FoldRules& rules, const PendingRow& change, const Winner& winner) {
  if (Mutated(Mutant::kTombstoneForever)) return false;
  return change.ingest_us - winner.ingest_us > rules.tombstone_retention_us;
}

bool KnowsSequence(const FoldRules& rules, const PendingRow& change, const Winner& winner) {
  if (!winner.has_sequence) return false;
  const bool forgets = winner.applied && !winner.is_delete && rules.forget_sequences_after_us > 0;
  return !forgets || change.ingest_us - winner.ingest_us <= rules.forget_sequences_after_us;
}

}  // namespace

bool Replaces(const FoldRules& rules, const PendingRow& change, const Winner& winner) {
  if (Mutated(Mutant::kSequenceIgnored)) return true;
  if (Mutated(Mutant::kSequenceIgnoredOnDelete) && change.operation == RowOperation::kDelete) return true;
  if (Mutated(Mutant::kBaselineSequenceIgnored) && winner.applied && !winner.is_delete) return true;
  if (winner.is_delete && Forgotten(rules, change, winner)) return true;
  if (!change.has_sequence || !KnowsSequence(rules, change, winner)) return true;
  const auto order = Compare(change.sequence, winner.sequence);
  // Of equal numbers the one ingested later wins.
  return Mutated(Mutant::kTieFirstWins) ? order > 0 : order >= 0;
}

bool Fold::Certain(const PendingRow& change) const {
  return !highest_applied_ || !change.has_sequence || Compare(change.sequence, *highest_applied_) >= 0;
}

std::vector<size_t> Fold::RowsToLookUp(const PendingRows& rows, size_t end) const {
  std::vector<size_t> wanted;
  if (!highest_applied_) return wanted;
  absl::flat_hash_set<KeyId> decided;
  for (size_t i = row_count(); i < end; ++i) {
    const PendingRow& change = rows[i];
    if (change.operation == RowOperation::kPlain) continue;
    if (change.key < keys_.size() && keys_[change.key].known) continue;
    // The first change of a key decides: once it has replaced the applied winner, that one is out of play.
    if (!decided.insert(change.key).second) continue;
    if (!Certain(change)) wanted.push_back(i);
  }
  return wanted;
}

void Fold::SetAppliedWinner(KeyId key, const Winner& winner) {
  Winner& known = applied_winners_[key];
  known = winner;
  known.applied = true;
}

bool Fold::ReplacesWinner(const PendingRows& rows, const PendingRow& change, const KeyState& key) const {
  if (key.winner_row != kNone) {
    const PendingRow& row = rows[key.winner_row];
    return Replaces(
        rules_, change,
        {row.operation == RowOperation::kDelete, false, row.has_sequence, row.ingest_us, row.sequence});
  }
  const auto applied = applied_winners_.find(change.key);
  return applied == applied_winners_.end() || Replaces(rules_, change, applied->second);
}

void Fold::Show(size_t row) {
  flags_[row] |= kRowShown;
  ++shown_count_;
}

void Fold::Hide(size_t row) {
  flags_[row] &= ~kRowShown;
  --shown_count_;
}

void Fold::Replace(const PendingRows& rows, size_t row, KeyState& key) {
  const PendingRow& change = rows[row];
  if (key.winner_row == kNone) {
    flags_[row] |= kRowHidesKey;
    ++hidden_key_count_;
  } else if (flags_[key.winner_row] & kRowShown) {
    Hide(key.winner_row);
  } else if (flags_[key.winner_row] & kRowTombstone) {
    flags_[key.winner_row] &= ~kRowTombstone;
    --tombstone_count_;
  }
  // Plain rows of the same request share its ingest time and stay; being the newest, they head the list.
  uint32_t kept = kNone;
  uint32_t plain = key.newest_plain;
  for (; plain != kNone && rows[plain].ingest_us >= change.ingest_us; plain = previous_plain_[plain])
    kept = plain;
  if (!Mutated(Mutant::kPlainSurvivesReplacement)) {
    for (uint32_t gone = plain; gone != kNone; gone = previous_plain_[gone]) Hide(gone);
    (kept == kNone ? key.newest_plain : previous_plain_[kept]) = kNone;
  }
  key.winner_row = static_cast<uint32_t>(row);
  if (change.operation == RowOperation::kUpsert) {
    Show(row);
  } else {
    flags_[row] |= kRowTombstone;
    ++tombstone_count_;
  }
}

void Fold::Extend(const PendingRows& rows, size_t end) {
  assert(end < kNone);
  flags_.resize(end);
  previous_plain_.resize(end, kNone);
  for (size_t i = folded_; i < end; ++i) {
    const PendingRow& change = rows[i];
    if (change.key >= keys_.size()) keys_.resize(std::max<size_t>(change.key + 1, keys_.size() * 2));
    KeyState& key = keys_[change.key];
    if (change.operation == RowOperation::kPlain) {
      previous_plain_[i] = key.newest_plain;
      key.newest_plain = static_cast<uint32_t>(i);
      Show(i);
      continue;
    }
    if (ReplacesWinner(rows, change, key)) Replace(rows, i, key);
    key.known = true;
  }
  folded_ = end;
}

}  // namespace bqcdc::emulator::cdc
