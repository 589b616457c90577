#pragma once

#include "absl/status/status.h"
#include "bqcdc/emulator/sql/analyzer/resolved_query.h"

namespace bqcdc::emulator::sql {

// Refuses a query over a table with require_partition_filter whose partitions nothing restricts
// (https://cloud.google.com/bigquery/docs/querying-partitioned-tables#require_a_partition_filter_in_queries).
absl::Status CheckPartitionFilters(ResolvedQuery& query);

}  // namespace bqcdc::emulator::sql
