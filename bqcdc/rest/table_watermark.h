#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/rest/bigquery_client.h"

namespace bqcdc::rest {

// The time up to which a table's changes are applied: `upsert_stream_apply_watermark` of
// INFORMATION_SCHEMA.TABLES (docs: change-data-capture, monitoring); nullopt for a table without changes. A
// query of its own, which the service bills. Errors: NotFound where INFORMATION_SCHEMA has no such table.
absl::StatusOr<std::optional<absl::Time>> ReadWatermark(const BigQueryClient& client, const TableName& name);

}  // namespace bqcdc::rest
