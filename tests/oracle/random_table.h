#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "bqcdc/schema/table_schema.h"
#include "tests/oracle/value.h"

// Columns of every type that a table stores, their values, and what ALTER TABLE may do to them.
namespace bqcdc::oracle {

using Random = std::mt19937_64;

// The columns of a primary key, "k0" and so on: usually two, of any type that keys take.
std::vector<schema::Column> RandomKeyColumns(Random& random);

// A column of any type, STRUCTs down to three levels; parameters and modes as they come.
schema::Column RandomColumn(Random& random, const std::string& name);

// Often at a limit of the range. NULL where the column allows it, now and then.
Value RandomValue(Random& random, const schema::Column& column);

// A change that the service allows too; unset where the column has none.
std::optional<SchemaChange> RandomChange(Random& random, const schema::Column& column);

}  // namespace bqcdc::oracle
