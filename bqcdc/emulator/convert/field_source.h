#pragma once

#include "bqcdc/emulator/convert/writer_plan.h"
#include "bqcdc/schema/table_schema.h"

namespace google::protobuf {
class FieldDescriptor;
}

namespace bqcdc::emulator::convert {

// Decides whether a protobuf field may fill a column
// (https://cloud.google.com/bigquery/docs/supported-data-types) and fills wire form, source type, enum names
// and `wrapped` of `plan`. Looks at the element, not at repetition.
bool ResolveSource(const google::protobuf::FieldDescriptor& field, const schema::Column& column,
                   FieldPlan& plan);

}  // namespace bqcdc::emulator::convert
