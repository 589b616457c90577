#include <cstddef>
#include <cstdint>

#include "bqcdc/emulator/convert/testing/foreign_bytes.h"

// libFuzzer target (built with Clang): rows and descriptors from foreign hands.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bqcdc::emulator::convert::testing::DecodeForeignBytes({reinterpret_cast<const char*>(data), size});
  return 0;
}
