#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::convert {

// The columns of a table after its schema was replaced by `wanted`, by the rules of tables.patch and
// tables.update (https://cloud.google.com/bigquery/docs/managing-table-schemas): NULLABLE and REPEATED
// columns may be added, also inside STRUCTs, and come last; REQUIRED may become NULLABLE; parameters may be
// relaxed; descriptions and defaults may change; every existing column must be repeated. `table` ("p:d.t") is
// for messages. Errors: invalid, with the service's texts.
absl::StatusOr<std::vector<schema::Column>> ChangeColumns(const std::vector<schema::Column>& existing,
                                                          const std::vector<schema::Column>& wanted,
                                                          const std::string& table);

// The same for a view, whose columns are its query's but for their descriptions: `wanted` leaves a column
// without one that it gives none. Everything else must be as it is.
absl::StatusOr<std::vector<schema::Column>> DescribeColumns(const std::vector<schema::Column>& existing,
                                                            const std::vector<schema::Column>& wanted,
                                                            const std::string& view);

}  // namespace bqcdc::emulator::convert
