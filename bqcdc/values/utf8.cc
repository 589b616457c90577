#include "bqcdc/values/utf8.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

namespace bqcdc::values {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ULL;

}  // namespace

void AppendUtf8(char32_t c, std::string* text) {
  if (c < 0x80) {
    text->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    text->push_back(static_cast<char>(0xC0 | (c >> 6)));
    text->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    text->push_back(static_cast<char>(0xE0 | (c >> 12)));
    text->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    text->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    text->push_back(static_cast<char>(0xF0 | (c >> 18)));
    text->push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    text->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    text->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

// RFC 3629, table of section 4.
size_t Utf8SequenceLength(std::string_view text) {
  const size_t left = text.size();
  if (left == 0) return 0;
  const uint8_t lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return 1;
  const uint8_t second = left > 1 ? static_cast<uint8_t>(text[1]) : 0;
  if (lead >= 0xC2 && lead <= 0xDF) return left > 1 && IsUtf8Continuation(text[1]) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : 0xBF;
    return left > 2 && second >= low && second <= high && IsUtf8Continuation(text[2]) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
    const bool continues = left > 3 && IsUtf8Continuation(text[2]) && IsUtf8Continuation(text[3]);
    return continues && second >= low && second <= high ? 4 : 0;
  }
  return 0;
}

bool IsUtf8(std::string_view text) {
  // Most text is ASCII: eight bytes a step.
  uint64_t word = 0;
  while (text.size() >= sizeof word) {
    std::memcpy(&word, text.data(), sizeof word);
    if ((word & kHighBits) != 0) break;
    text.remove_prefix(sizeof word);
  }
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) <= 0x7F; };
  if (text.size() < sizeof word && std::all_of(text.begin(), text.end(), is_ascii)) return true;
  // By way of simdjson::validate_utf8() a short text takes a fifth longer. Its first call decides what is
  // active.
  static const simdjson::implementation* const active = [] {
    [[maybe_unused]] const bool decided = simdjson::validate_utf8("", 0);
    return static_cast<const simdjson::implementation*>(simdjson::get_active_implementation());
  }();
  return active->validate_utf8(text.data(), text.size());
}

}  // namespace bqcdc::values
