#pragma once

#include <cstdint>
#include <string>

#include "bqcdc/schema/table_schema.h"

// What the service says of values that the parameters of a column's type keep out. Every front (rows over
// gRPC, insertAll, SQL) puts its own words around the same sentence.
namespace bqcdc::emulator {

// "STRING(10) has maximum length 10 but got a value with length 12". REQUIRES: column.max_length.
std::string TooLongText(const schema::Column& column, int64_t length);

// "NUMERIC(5, 2) has precision 5 and scale 2 but got a value that is not in range of [-999.99, 999.99]".
// REQUIRES: column.precision.
std::string OutsidePrecisionText(const schema::Column& column);

}  // namespace bqcdc::emulator
