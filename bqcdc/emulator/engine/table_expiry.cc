#include "bqcdc/emulator/engine/table_expiry.h"

#include <algorithm>
#include <limits>

namespace bqcdc::emulator::engine {

int64_t TableExpiry::NextDueUs() const {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  int64_t next_ms = kNever;
  // Held by name: the loop alone would keep a reference into a catalog that may be replaced meanwhile.
  const auto catalog = core_->Catalog();
  for (const auto& [uid, table] : catalog->tables()) {
    if (table->expiration_time_ms)
      next_ms = std::min(next_ms, std::max<int64_t>(*table->expiration_time_ms, 0));
  }
  return next_ms > kNever / 1000 ? kNever : next_ms * 1000;
}

absl::Status TableExpiry::DropDue() const {
  absl::Status status;
  const int64_t now_us = core_->NowUs();
  const auto catalog = core_->Catalog();
  for (const auto& [uid, table] : catalog->tables()) {
    if (catalog::IsExpired(*table, now_us)) status.Update(drop_(*table));
  }
  return status;
}

}  // namespace bqcdc::emulator::engine
