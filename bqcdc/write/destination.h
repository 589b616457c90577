#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"
#include "bqcdc/write/append_request.h"

namespace bqcdc::write {

// The default stream of a table ("projects/p/datasets/d/tables/t") with its schema compiled into a writer
// schema, change columns included.
absl::StatusOr<std::shared_ptr<const Destination>> MakeDestination(std::string_view table_resource_name,
                                                                   const schema::TableSchema& schema);

}  // namespace bqcdc::write
