#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "bqcdc/emulator/cdc/key_dictionary.h"
#include "bqcdc/emulator/cdc/pending_rows.h"

namespace bqcdc::emulator::engine {

// The pending rows that come during an apply, made anew for the time after it: their keys are numbered from
// 0, those of applied rows are forgotten. Copying and numbering are apart, so that the thread that publishes
// rows is kept out while some are copied and not while they are numbered. Not thread-safe.
class CarriedRows {
 public:
  // Carries what stands behind the first `applied_count` rows; `first_ordinal` is that of the first one
  // carried.
  CarriedRows(size_t applied_count, int64_t first_ordinal);

  // Copies up to `rows_max` rows of those that were not copied yet; returns how many. Nobody else may touch
  // `rows` and `keys` meanwhile. What was copied before has to be numbered.
  size_t Copy(const cdc::PendingRows& rows, const cdc::KeyDictionary& keys, size_t rows_max);
  void NumberKeys();

  size_t change_count() const { return change_count_; }  // UPSERTs and DELETEs
  // Null where nothing was carried; both are the caller's then.
  std::shared_ptr<cdc::PendingRows> TakeRows() { return std::move(rows_); }
  std::unique_ptr<cdc::KeyDictionary> TakeKeys() { return std::move(keys_); }

 private:
  const int64_t first_ordinal_;
  size_t next_;  // index of the first row that was not copied
  std::vector<cdc::PendingRow> copied_;
  cdc::EncodedKeys copied_keys_;
  std::shared_ptr<cdc::PendingRows> rows_;
  std::unique_ptr<cdc::KeyDictionary> keys_;
  size_t change_count_ = 0;
};

}  // namespace bqcdc::emulator::engine
