#pragma once

#include <optional>
#include <string>

#include "bqcdc/schema/table_schema.h"

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace bqcdc::emulator::convert::testing {

// The cell of a column that a message gives, as CellText() writes it, read through protobuf's reflection from
// what protobuf's own parser made of the bytes. Unset: the column refuses the value, or misses one.
std::optional<std::string> ReflectedCell(const schema::Column& column,
                                         const google::protobuf::Message& message,
                                         const google::protobuf::FieldDescriptor& field);

}  // namespace bqcdc::emulator::convert::testing
