#include "bqcdc/emulator/convert/utf8.h"

#include "absl/strings/escaping.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::convert {

std::string Quotable(std::string_view text, size_t bytes_max) {
  std::string_view kept = text.substr(0, bytes_max);
  // Do not cut a code point in two.
  if (kept.size() < text.size()) {
    while (!kept.empty() && values::IsUtf8Continuation(text[kept.size()])) kept.remove_suffix(1);
  }
  std::string result = IsUtf8(kept) ? std::string(kept) : absl::CHexEscape(base::ToAbsl(kept));
  if (kept.size() < text.size()) result += "…";
  return result;
}

}  // namespace bqcdc::emulator::convert
