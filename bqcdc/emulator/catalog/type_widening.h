#pragma once

#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::catalog {

// Whether ALTER COLUMN SET DATA TYPE may turn the column into the type of `to`: every value stays what it is
// (https://cloud.google.com/bigquery/docs/managing-table-schemas#change_a_columns_data_type). Only the types
// and their parameters are looked at, those of fields too.
bool IsWidening(const schema::Column& from, const schema::Column& to);

}  // namespace bqcdc::emulator::catalog
