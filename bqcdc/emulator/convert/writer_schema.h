#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/writer_plan.h"
#include "bqcdc/schema/table_schema.h"

// A client's `writer_schema` of protobuf rows: one self-contained DescriptorProto.
namespace bqcdc::emulator::convert {

// Compiles the bytes of a `google.protobuf.DescriptorProto`. Columns are matched by name without regard to
// case; the option `column_name` wins over the field's name. Fields without a label count as optional.
// Errors: InvalidArgument with the service's texts (field_conflict.h tells those that a change of the table
// can bring about).
absl::StatusOr<std::shared_ptr<const WriterPlan>> CompileWriterSchema(std::string_view descriptor,
                                                                      const schema::TableSchema& table);

}  // namespace bqcdc::emulator::convert
