// libFuzzer's entry point, also driven by parser_fuzz_test.cc: no text crashes the parser, and what it
// accepts comes back.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "bqcdc/emulator/sql/parser/testing/reparse.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string result = bqcdc::emulator::sql::ReparseScript(text);
  if (result.find("REPARSE") == std::string::npos || text.find("REPARSE") != std::string_view::npos) return 0;
  std::fprintf(stderr, "%s\n", result.c_str());
  std::abort();
}
