#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/sql/analyzer/resolved_query.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::sql {

// The outputs of a query as columns of a result, a table or a view.
absl::StatusOr<std::vector<schema::Column>> ResultColumns(const ResolvedQuery& query);

}  // namespace bqcdc::emulator::sql
