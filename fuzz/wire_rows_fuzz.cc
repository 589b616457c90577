// Bytes from a foreign hand as a row: the server's decoder, which builds no message, and protobuf's own
// parser must agree on whether they are a message, on whether the table takes it, and on every cell.

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "bqcdc/emulator/convert/testing/foreign_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // It complains of bytes that are no UTF-8.
  static const google::protobuf::LogSilencer* const silence = new google::protobuf::LogSilencer();
  static_cast<void>(silence);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string difference = bqcdc::emulator::convert::testing::CompareForeignRow(bytes);
  if (difference.empty()) return 0;
  std::fprintf(stderr, "%s\nthe decoder and protobuf differ: %s\n",
               absl::BytesToHexString({bytes.data(), bytes.size()}).c_str(), difference.c_str());
  std::abort();
}
