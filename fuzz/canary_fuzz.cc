// Fails on one short text on purpose: proof that the way targets are built and run finds what they are there
// to find. scripts/fuzz and the suite expect it to fail.

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.size() >= 3 && text[0] == '1' && text[1] == '/' && text[2] == '/') std::abort();
  return 0;
}
