#pragma once

#include <string>

namespace bqcdc::tests {

// The page docs/types.md: for each column type the JSON that `bqcdc stream` takes, the protobuf fields that
// the local server takes, and a value on its way from a line of JSON through both to the text that queries
// give. Nothing is written down twice: samples go through the encoder, the compiler of writer schemas, the
// decoder and the result writer, and the table says what they did.
std::string TypeTablePage();

}  // namespace bqcdc::tests
