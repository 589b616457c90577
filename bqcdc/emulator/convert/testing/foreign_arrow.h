#pragma once

#include <string_view>

#include "absl/status/status.h"

// Arrow messages from foreign hands, for a table of every column type.
namespace bqcdc::emulator::convert::testing {

// A schema: OK, or why it does not go with the table.
absl::Status CompileForeignArrowSchema(std::string_view message);

// A record batch of the schema that has a field for each column. Every cell of every row that is taken is
// read; each row is either taken or refused with a text. OK, or why the batch is refused. Ends the process
// where that does not hold.
absl::Status DecodeForeignBatch(std::string_view message);

}  // namespace bqcdc::emulator::convert::testing
