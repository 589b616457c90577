#include "bqcdc/emulator/convert/json_text_writer.h"

#include "absl/strings/escaping.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::convert {
namespace {

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void AppendEscaped(char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  out->append("\\u00");
  out->push_back(kHex[static_cast<unsigned char>(c) >> 4]);
  out->push_back(kHex[c & 15]);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  size_t copied = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    out->append(text.substr(copied, i - copied));
    AppendEscaped(text[i], out);
    copied = i + 1;
  }
  out->append(text.substr(copied));
  out->push_back('"');
}

void AppendBase64(std::string_view bytes, std::string* out) {
  out->append(absl::Base64Escape(base::ToAbsl(bytes)));
}

}  // namespace bqcdc::emulator::convert
