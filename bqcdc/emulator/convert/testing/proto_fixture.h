#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/writer_schema.h"
#include "bqcdc/schema/table_schema.h"

// Short ways to say columns and descriptors in table tests.
namespace bqcdc::emulator::convert::testing {

// One column from "name TYPE", "name ARRAY<TYPE>", both optionally followed by "REQUIRED"; TYPE may have
// parameters.
schema::Column MakeColumn(const std::string& declaration);
schema::Column MakeStruct(const std::string& name, std::vector<schema::Column> fields,
                          schema::ColumnMode mode = schema::ColumnMode::kNullable);

// A serialized DescriptorProto from its text form.
std::string Descriptor(const std::string& text);

}  // namespace bqcdc::emulator::convert::testing
