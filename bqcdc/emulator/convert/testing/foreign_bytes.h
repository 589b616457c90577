#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace bqcdc::emulator::convert::testing {

// The descriptor of that table's rows, serialized.
std::string ForeignDescriptor();

// What came of bytes that were decoded as a row.
struct ForeignRow {
  bool malformed = false;  // no message at all
  bool is_delete = false;  // nothing but its key was looked at
  std::string fault;       // why the row was refused; empty = it was taken
  std::string c2, c7;      // where it was taken: an INT64 and a STRING, as CellText() writes them
};
ForeignRow DecodeForeignRow(std::string_view bytes);

// Compiles `bytes` as a writer schema for the table.
absl::Status CompileForeignDescriptor(std::string_view bytes);

// Decodes `bytes` as a row of a table with every type in every form, and once as a writer schema for that
// table. For fuzzers and mutation tests: it returns whatever the bytes are, or a sanitizer says otherwise.
void DecodeForeignBytes(std::string_view bytes);

// Good rows of that table and a good descriptor, to start mutations from.
std::vector<std::string> ForeignSeeds();

}  // namespace bqcdc::emulator::convert::testing
