#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/rest/table_name.h"
#include "bqcdc/rest/table_resource.h"
#include "bqcdc/write/append_request.h"

namespace bqcdc::pipeline {

// A table's schema, compiled for encoding and for the wire. Immutable.
struct TableBinding {
  schema::TableSchema schema;
  std::shared_ptr<const encode::EncodePlan> plan;
  std::shared_ptr<const write::Destination> destination;
};

// Errors: FailedPrecondition for a table that cannot take changes (no primary key, a view), naming it.
absl::StatusOr<TableBinding> BindTable(const rest::TableName& name, const rest::TableResource& table);

}  // namespace bqcdc::pipeline
