#pragma once

#include <string>
#include <vector>

#include "bqcdc/schema/table_schema.h"

namespace bqcdc::schema {

// What differs between a wanted and an existing table, one readable line each, in the order of the wanted
// columns: "column price: wanted NUMERIC(10, 2), is NUMERIC", "column note: is missing", "column old: is not
// wanted", "primary key: wanted (id), is (id, region)". Empty = the same table. Names are compared without
// regard to case, columns without regard to their order, descriptions not at all.
std::vector<std::string> DiffSchemas(const TableSchema& wanted, const TableSchema& existing);

}  // namespace bqcdc::schema
