#pragma once

#include "absl/status/status.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::handlers {

// Gives the columns of a view the descriptions of `schema`, the field of tables.patch and tables.update:
// a column that it leaves without one has none afterwards. Everything else of them is its query's; a schema
// that says something else is refused.
absl::Status DescribeViewColumns(const nlohmann::json& schema, catalog::Table* view);

}  // namespace bqcdc::emulator::handlers
