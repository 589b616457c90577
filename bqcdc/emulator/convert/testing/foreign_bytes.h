#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bqcdc::emulator::convert::testing {

// Decodes `bytes` as a row of a table with every type in every form, and once as a writer schema for that
// table. For fuzzers and mutation tests: it returns whatever the bytes are, or a sanitizer says otherwise.
void DecodeForeignBytes(std::string_view bytes);

// Good rows of that table and a good descriptor, to start mutations from.
std::vector<std::string> ForeignSeeds();

}  // namespace bqcdc::emulator::convert::testing
