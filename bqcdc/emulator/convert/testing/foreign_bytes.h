#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

// Bytes from a foreign hand, for fuzzers and mutation tests, and a table with every type in every form of
// field that they are rows or writer schemas of.
namespace bqcdc::emulator::convert::testing {

// Decodes `bytes` as a row and compares with what protobuf's own parser and reflection make of them: whether
// they are a message, whether every column takes its value, and each of the cells. Empty where both agree,
// else the difference.
std::string CompareForeignRow(std::string_view bytes);

// Compiles `bytes` as a writer schema for the table.
absl::Status CompileForeignDescriptor(std::string_view bytes);

// Good rows of the table and their descriptor, to start mutations from.
std::vector<std::string> ForeignSeeds();
std::string ForeignDescriptor();

}  // namespace bqcdc::emulator::convert::testing
