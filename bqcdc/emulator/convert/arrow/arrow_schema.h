#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/writer_plan.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::convert {

// Compiles the bytes of an Arrow schema, a Schema message as `ArrowSchema.serialized_schema` holds it.
// Columns are matched by name without regard to case. Errors: InvalidArgument with texts made after those
// about descriptors (field_conflict.h tells those that a change of the table can bring about). Rows of this
// form cannot be UPSERT or DELETE (https://cloud.google.com/bigquery/docs/change-data-capture#limitations):
// the pseudo-columns are refused.
absl::StatusOr<std::shared_ptr<const WriterPlan>> CompileArrowSchema(std::string_view schema,
                                                                     const schema::TableSchema& table);

}  // namespace bqcdc::emulator::convert
