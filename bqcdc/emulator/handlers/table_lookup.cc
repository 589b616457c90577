#include "bqcdc/emulator/handlers/table_lookup.h"

#include "bqcdc/emulator/handlers/append_errors.h"

namespace bqcdc::emulator::handlers {

absl::StatusOr<catalog::Table> MeetTable(const engine::Database& database, const StreamName& stream,
                                         absl::Duration propagation) {
  absl::StatusOr<catalog::Table> found = database.GetTable(stream.table);
  if (found.status().code() == absl::StatusCode::kNotFound) return TableDenied(stream);
  if (!found.ok()) return found;
  if (found->view) return NotATable(stream.table);
  if (propagation == absl::ZeroDuration()) return found;
  const absl::Duration age = database.Now() - absl::FromUnixMillis(found->creation_time_ms);
  if (age < propagation) return TableDenied(stream);
  return found;
}

}  // namespace bqcdc::emulator::handlers
