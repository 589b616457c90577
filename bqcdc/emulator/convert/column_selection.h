#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::convert {

// A column of a list and, for a STRUCT, which of its fields.
struct SelectedColumn {
  size_t index;
  std::vector<SelectedColumn> fields;  // empty unless a STRUCT
};

// Every column with every field.
std::vector<SelectedColumn> SelectAll(const std::vector<schema::Column>& columns);

// Reads `selectedFields`: "a,b.c", names without regard to case; the result is in table order. Errors:
// invalid, for a name that there is not. Empty text selects all.
absl::StatusOr<std::vector<SelectedColumn>> SelectFields(const std::vector<schema::Column>& columns,
                                                         std::string_view selected_fields);

// The columns that a selection leaves.
std::vector<schema::Column> ApplySelection(const std::vector<schema::Column>& columns,
                                           const std::vector<SelectedColumn>& selection);

}  // namespace bqcdc::emulator::convert
