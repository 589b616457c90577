#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/database_core.h"

namespace bqcdc::emulator::engine {

// Drops tables and views whose `expirationTime` has come. Until then nobody finds them
// (catalog::IsExpired); this frees what they hold. Thread-safe.
class TableExpiry {
 public:
  // `drop` drops the table, unless it has changed since it was read.
  TableExpiry(DatabaseCore* core, std::function<absl::Status(const catalog::Table&)> drop)
      : core_(core), drop_(std::move(drop)) {}

  // Microseconds since the Unix epoch; the largest number where no table expires.
  int64_t NextDueUs() const;
  absl::Status DropDue() const;

 private:
  DatabaseCore* const core_;
  const std::function<absl::Status(const catalog::Table&)> drop_;
};

}  // namespace bqcdc::emulator::engine
