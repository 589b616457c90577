#pragma once

#include <set>

#include "absl/status/status.h"
#include "bqcdc/emulator/sql/analyzer/resolved_query.h"

namespace bqcdc::emulator::sql {

// Refuses a query over a table with require_partition_filter whose partitions nothing restricts
// (https://cloud.google.com/bigquery/docs/querying-partitioned-tables#require_a_partition_filter_in_queries).
absl::Status CheckPartitionFilters(ResolvedQuery& query);
// The same for the subqueries of an expression.
absl::Status CheckPartitionFilters(ResolvedExpressionPtr& expression);

// The columns of a stored table's scan that tell its partitions apart.
std::set<ColumnId> PartitionColumnsOf(ResolvedScan& table);
// Whether a condition, or a part of it that every row has to pass, is over such columns and nothing else.
bool RestrictsPartitions(ResolvedExpressionPtr& condition, const std::set<ColumnId>& partition_columns);

}  // namespace bqcdc::emulator::sql
