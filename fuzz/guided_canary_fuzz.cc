// Fails on purpose at every date with a time of day that the parser takes. From a corpus that has
// none, only a fuzzer that sees which way the parser went gets there: proof that the libraries under test are
// instrumented, not the targets alone.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bqcdc/values/civil_time.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bqcdc::values;  // NOLINT: short.
  int64_t micros = 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (ParseDatetime(text, &micros) == ValueError::kNone && micros % kMicrosPerDay != 0) std::abort();
  return 0;
}
