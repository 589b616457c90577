// Bytes from a foreign hand as a writer schema: it compiles for the table, or it is refused with a text.

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bqcdc/emulator/convert/testing/foreign_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const google::protobuf::LogSilencer* const silence = new google::protobuf::LogSilencer();
  static_cast<void>(silence);
  const absl::Status status = bqcdc::emulator::convert::testing::CompileForeignDescriptor(
      {reinterpret_cast<const char*>(data), size});
  if (!status.ok() && status.message().empty()) std::abort();
  return 0;
}
