#pragma once

#include <string>

#include "bqcdc/emulator/convert/writer_plan.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::convert {

namespace ipc {
struct Field;
}

// Decides whether a field of an Arrow schema may fill a column (one element of it, where it is REPEATED), and
// how its values are read: FieldPlan::source, width and scale. As
// https://cloud.google.com/bigquery/docs/supported-data-types#supported-apache-arrow-data-types lists them;
// see emulator/unconfirmed.h for what that page leaves open. `end_of_range`: the column is an end of a RANGE,
// which takes less.
bool ResolveArrowSource(const ipc::Field& field, const schema::Column& column, bool end_of_range,
                        FieldPlan& plan);

// The field's type as Arrow's libraries print it: "timestamp[us, tz=UTC]", "list<struct<a: int64>>".
std::string ArrowTypeName(const ipc::Field& field);

}  // namespace bqcdc::emulator::convert
