#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "bqcdc/encode/encoded_rows.h"
#include "bqcdc/write/append_request.h"

namespace bqcdc::write {

// Rows of one table and one lane that travel together. Filled by one thread, then immutable and shared by
// whoever still needs a part of it. Users derive from it to keep what they know of the rows; batches come
// back to them as they were handed in.
//
// A lane is a share of a table's keys: all rows of a key have the same one, chosen by the hash of the key.
// Rows of a lane never overtake each other. When the number of a table's lanes changes, keys change lanes:
// `generation` rises by one then, and no row of a generation is sent before the last of the one before is
// settled.
struct RowBatch {
  virtual ~RowBatch() = default;

  encode::EncodedRows rows;
  std::shared_ptr<const Destination> destination;
  int table = 0;  // index given by the user of the sender, from 0
  int lane = 0;   // from 0
  std::uint64_t generation = 0;
  // The rows brought their own sequence numbers, so two of a key may have equal ones: such rows are never
  // under way together.
  bool ties_possible = false;
  // When its first row came, and when it was handed on (LaneBatcher).
  absl::Time begun = absl::InfinitePast(), handed_on = absl::InfinitePast();
  absl::Duration encoding;  // how long its rows were being encoded; zero where nobody measures it

  // Of the sender.
  std::size_t unsettled_rows = 0;
  // Of the pool.
  std::size_t charged_bytes = 0;

  // Forgets everything, keeps the memory: for the next use.
  virtual void Clear() {
    rows.Clear();
    destination.reset();
    ties_possible = false;
    encoding = absl::ZeroDuration();
    unsettled_rows = 0;
    charged_bytes = 0;
  }
  // Memory that the batch keeps in use.
  virtual std::size_t held_bytes() const { return rows.held_bytes(); }
  // Memory that Clear() keeps.
  virtual std::size_t kept_bytes() const { return rows.kept_bytes(); }
};

// The lane of a key, 0 to `lanes` - 1, by its hash (encode::RowFacts). Uses bits that hash tables do not.
inline std::size_t LaneOfKey(std::uint64_t key_hash, std::size_t lanes) {
  return static_cast<std::size_t>(((key_hash * 0x9E3779B97F4A7C15ULL) >> 32) * lanes >> 32);
}

}  // namespace bqcdc::write
