// Bytes from a foreign hand as an Arrow message: those that begin with 'S' as a schema, which goes with the
// table or is refused with a text; all others as a record batch, whose rows are read to the last cell or
// refused with a text.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bqcdc/emulator/convert/testing/foreign_arrow.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bqcdc::emulator::convert::testing;  // NOLINT: its two calls
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::Status status = bytes.starts_with('S') ? CompileForeignArrowSchema(bytes.substr(1))
                              : bytes.empty()        ? absl::OkStatus()
                                                     : DecodeForeignBatch(bytes.substr(1));
  if (!status.ok() && status.message().empty()) std::abort();
  return 0;
}
