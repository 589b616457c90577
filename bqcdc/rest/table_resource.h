#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::rest {

// What we use of a table resource (docs: REST tables).
struct TableResource {
  schema::TableSchema schema;
  std::map<std::string, std::string> labels;
  std::vector<std::string> clustering;
  std::string etag;
  std::int64_t creation_time_ms = 0;  // since 1970; with the name it is the table's identity
  std::string type;                   // "TABLE", "VIEW", …
};

absl::StatusOr<TableResource> ParseTableResource(std::string_view json);

}  // namespace bqcdc::rest
