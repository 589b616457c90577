#include "bqcdc/emulator/handlers/column_propagation.h"

namespace bqcdc::emulator::handlers {

std::optional<schema::TableSchema> ColumnPropagation::KnownInstead(const catalog::Table& table,
                                                                   absl::Time now) {
  if (delay_ == absl::ZeroDuration()) return std::nullopt;
  absl::MutexLock lock(&mutex_);
  Known& known = known_[table.uid];
  if (known.version != 0 && known.version != table.schema_version &&
      now < absl::FromUnixMillis(table.last_modified_ms) + delay_) {
    return known.schema;
  }
  if (known.version != table.schema_version) known = {table.schema_version, table.schema};
  return std::nullopt;
}

}  // namespace bqcdc::emulator::handlers
