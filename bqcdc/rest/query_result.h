#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::rest {

// One value of a query result as REST sends it: text, or parts for STRUCT and REPEATED; TIMESTAMP as
// microseconds (formatOptions.useInt64Timestamp is always asked for).
struct Cell {
  bool null = false;
  std::string text;
  std::vector<Cell> parts;
};

using Row = std::vector<Cell>;

// One page of a result, or of a wait for it.
struct QueryPage {
  std::vector<schema::Column> columns;
  std::vector<Row> rows;
  bool complete = false;
  std::string page_token;  // empty = the last page
  std::string job_id;
  std::string location;
  std::optional<std::int64_t> affected_rows;  // of DML
};

absl::StatusOr<QueryPage> ParseQueryPage(std::string_view json);

}  // namespace bqcdc::rest
