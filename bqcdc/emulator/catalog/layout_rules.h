#pragma once

#include <cstddef>
#include <string_view>

#include "bqcdc/schema/table_schema.h"

// Which columns tables may be partitioned and clustered by, for REST and DDL alike
// (https://cloud.google.com/bigquery/docs/partitioned-tables, …/clustered-tables).
namespace bqcdc::emulator::catalog {

// https://cloud.google.com/bigquery/docs/clustered-tables#limitations
inline constexpr size_t kClusteringColumnsMax = 4;

// `granularity`: HOUR, DAY, MONTH or YEAR.
bool CanPartitionByTime(const schema::Column& column, std::string_view granularity);
bool CanPartitionByRange(const schema::Column& column);
bool CanClusterBy(const schema::Column& column);

}  // namespace bqcdc::emulator::catalog
