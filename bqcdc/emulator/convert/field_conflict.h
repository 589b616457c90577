#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// Fields of a writer schema that do not go with the table's columns: errors that a change of the table can
// bring about.
namespace bqcdc::emulator::convert {

// One of the two is not empty.
struct FieldConflict {
  std::string extra;       // that the table does not have: "a,b.c"
  std::string mismatched;  // whose type is not one of its column's
};

// The errors that say so; InvalidArgument. `text` is the whole message.
absl::Status ExtraFields(std::string_view names);
absl::Status MismatchedField(std::string_view name, std::string_view text);

// What one of these errors says; unset for every other status.
std::optional<FieldConflict> FieldConflictOf(const absl::Status& status);

}  // namespace bqcdc::emulator::convert
