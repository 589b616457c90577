#pragma once

#include "absl/status/status.h"
#include "bqcdc/emulator/sql/parser/ast.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::sql {

// Puts the parameters of a simple type name, STRING(20) or NUMERIC(10, 2), into a column of that type.
absl::Status ApplyTypeParameters(const TypeName& type, schema::Column& column);

}  // namespace bqcdc::emulator::sql
