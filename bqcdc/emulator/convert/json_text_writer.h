#pragma once

#include <string>
#include <string_view>

namespace bqcdc::emulator::convert {

// Appends `text` as a JSON string with its quotes. `text` is UTF-8; bytes above 0x7F are copied.
void AppendJsonString(std::string_view text, std::string* out);

// Appends standard base64 with padding, without quotes.
void AppendBase64(std::string_view bytes, std::string* out);

}  // namespace bqcdc::emulator::convert
