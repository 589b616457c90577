#pragma once

#include <string>
#include <vector>

#include "bqcdc/schema/table_schema.h"

namespace bqcdc::encode::testing {

// JSON texts of one element of a column: those at the limits of its type and of the type's parameters, which
// every encoder takes, and those one step beyond, which every encoder refuses.
struct LimitValues {
  std::vector<std::string> taken;
  std::vector<std::string> refused;
};

// Empty for a STRUCT. A GEOGRAPHY has none that are refused: which shapes make one the service decides.
LimitValues LimitValuesOf(const schema::Column& column);

}  // namespace bqcdc::encode::testing
