#include "bqcdc/emulator/engine/carried_rows.h"

#include <algorithm>

namespace bqcdc::emulator::engine {

CarriedRows::CarriedRows(size_t applied_count, int64_t first_ordinal)
    : first_ordinal_(first_ordinal), next_(applied_count) {}

size_t CarriedRows::Copy(const cdc::PendingRows& rows, const cdc::KeyDictionary& keys, size_t rows_max) {
  const size_t end = std::min(rows.size(), next_ + rows_max);
  const size_t count = end > next_ ? end - next_ : 0;
  for (; next_ < end; ++next_) {
    copied_.push_back(rows[next_]);
    copied_keys_.bytes().append(keys.key(copied_.back().key));
    copied_keys_.End(keys.hash(copied_.back().key));
  }
  return count;
}

void CarriedRows::NumberKeys() {
  if (copied_.empty()) return;
  if (rows_ == nullptr) {
    rows_ = std::make_shared<cdc::PendingRows>(first_ordinal_);
    keys_ = std::make_unique<cdc::KeyDictionary>();
  }
  for (size_t i = 0; i < copied_.size(); ++i) {
    cdc::PendingRow& row = copied_[i];
    row.key = keys_->FindOrAdd(copied_keys_.key(i), copied_keys_.hash(i));
    if (row.operation != cdc::RowOperation::kPlain) ++change_count_;
    rows_->Append(row);
  }
  copied_.clear();
  copied_keys_.Clear();
}

}  // namespace bqcdc::emulator::engine
